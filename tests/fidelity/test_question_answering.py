"""F: answers and scores of fabricated outputs."""

import json

import numpy as np
import pytest

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning.tasks import spans, task_table
from electra_tf.finetuning.tasks.question_answering import (
    answer_metrics,
)
from electra_tf.finetuning.tasks.question_answering.answer_places import (
    original_place,
)
from electra_tf.finetuning.tasks.question_answering.span_decoding import (
    best_indexes,
)
from electra_tf.finetuning.tasks.task import DEV, TEST, Source
from electra_tf.text.tokenization import BasicTokenizer, Tokenizer
from tests.fidelity.conftest import goldens_folder

FOLDER = goldens_folder() / "F_scoring"
RAW = goldens_folder() / "D_featurization" / "raw"
UNITS = FOLDER / "qa_units.json"
UNITS = json.loads(UNITS.read_text()) if UNITS.exists() else {}


def cases() -> list:
    return [path.with_suffix(".json") for path in sorted(FOLDER.glob("*.npz"))]


class Case:
    """One task's fabricated outputs, and our answers."""

    def __init__(self, path, folder):
        self.recorded = json.loads(path.read_text())
        name = self.recorded["task"]
        self.config = FinetuningConfig(
            data_dir="unused",
            model_name="unused",
            task_names=[name],
            raw_data_dir=str(RAW / "{}"),
            qa_eval_file=str(folder / "{:}_eval.json"),
            qa_preds_file=str(folder / "{:}_preds.json"),
            qa_na_file=str(folder / "{:}_null_odds.json"),
            answer_places="released",
            **self.recorded["config"],
        )
        (self.task,) = task_table.tasks(self.config)
        tokenizer = Tokenizer(
            goldens_folder() / "vocab_tiny.txt",
            do_lower_case=self.config.do_lower_case,
        )
        self.source = Source(self.task.examples(DEV), tokenizer)
        with np.load(FOLDER / self.recorded["arrays"]) as arrays:
            self.outputs = dict(arrays)


@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
def test_answers_and_scores(path, tmp_path):
    case = Case(path, tmp_path)
    name, recorded = case.task.name, case.recorded
    scores = case.task.score(case.outputs, case.source)
    assert scores == pytest.approx(dict(recorded["results"]), rel=1e-12)
    case.task.write_details(case.outputs, case.source, scores)
    assert np.mean(case.outputs["loss"]) == pytest.approx(recorded["mean_loss"])
    written = {
        kind: json.loads((tmp_path / f"{name}_{kind}.json").read_text())
        for kind in ("eval", "preds", "null_odds")
        if kind != "null_odds" or kind in recorded
    }
    assert written["eval"] == scores
    assert written["preds"] == recorded["predictions"]
    if "null_odds" in recorded:
        assert written["null_odds"] == pytest.approx(recorded["null_odds"])
    predictions = case.task.predictions(case.outputs, case.source)
    expected = recorded.get(f"predictions_written_for_{TEST}_set")
    assert predictions == (expected or recorded["predictions"])


@pytest.mark.parametrize("case", UNITS.get("answer_metrics", []))
def test_one_answer(case):
    golds, prediction = {"q": case["golds"]}, {"q": case["prediction"]}
    exact, f1 = answer_metrics.raw_scores(golds, prediction)
    assert (exact["q"], f1["q"]) == (
        case["v2_exact"],
        pytest.approx(case["v2_f1"]),
    )
    scores = answer_metrics.exact_match_and_f1(golds, prediction)
    for script in ("v1", "mrqa"):
        assert scores == pytest.approx(
            {
                "exact_match": 100 * case[f"{script}_exact"],
                "f1": 100 * case[f"{script}_f1"],
            }
        )


@pytest.mark.parametrize("case", UNITS.get("final_text", []))
def test_original_text(case):
    for lower, name in ((True, "do_lower_case"), (False, "cased")):
        text = case["original_text"]
        begin, end = original_place(
            case["predicted_tokens_text"], text, BasicTokenizer(lower)
        )
        assert text[begin:end] == case[f"result_{name}"]


@pytest.mark.parametrize("case", UNITS.get("best_threshold", []))
def test_thresholds(case):
    answers, odds = case["has_answer"], case["null_odds"]
    for metric in ("exact", "f1"):
        best, threshold = answer_metrics.best_threshold(
            case[metric], answers, case["predictions"], odds
        )
        assert best == pytest.approx(case["best"][f"best_{metric}"])
        assert threshold == case["best"][f"best_{metric}_thresh"]
    cut = answer_metrics.after_threshold(
        case["f1"], answers, odds, case["threshold"]
    )
    assert cut == case["f1_after_threshold"]


@pytest.mark.parametrize("case", UNITS.get("best_indexes", []))
def test_best_indexes(case):
    assert best_indexes(case["logits"], case["n"]) == case["best"]


@pytest.mark.parametrize("case", UNITS.get("max_context", []))
def test_windows_with_most_context(case):
    cut = [spans.Span(*span) for span in case["doc_spans"]]
    expected = case["max_context_span_of_position"]
    assert spans.windows_with_most_context(cut, len(expected)) == expected
