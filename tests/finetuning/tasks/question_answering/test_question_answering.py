"""From files of questions to answers and their scores."""

import json

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config
from electra_tf.finetuning import evaluation, inputs
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.outputs import Predictor
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.question_answering import answer_metrics
from electra_tf.finetuning.tasks.task import DEV, TRAIN, DataError, Source
from tests.finetuning import questions, sentences


def task(folder, name: str = "squad", **changes):
    folders = {
        f"qa_{kind}_file": str(folder / f"{{:}}_{kind}.json")
        for kind in ("eval", "preds", "na")
    }
    config = sentences.config(
        task_names=[name], raw_data_dir=str(folder), **folders, **changes
    )
    return task_table.tasks(config)[0]


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("length", [12, 16])
def test_outputs_that_know_the_answer(tmp_path, joint, length):
    squad = task(tmp_path, joint_prediction=joint, max_seq_length=length)
    path = tmp_path / "train.json"
    questions.write(path, questions.squad())
    questions.write(tmp_path / "dev.json", questions.squad())
    tokenizer = sentences.tokenizer(tmp_path)
    features = squad.features(squad.examples(TRAIN), tokenizer)
    starts, ends = (
        [row[f"squad_{name}_positions"] for row in features]
        for name in ("start", "end")
    )
    outputs = {
        "eid": np.array([row["squad_eid"] for row in features]),
        "start_logits": 9 * np.eye(length)[starts],
        "end_logits": 9 * np.eye(length)[ends],
        "start_top_index": np.array(starts)[:, None],
        "start_top_log_probs": np.zeros((len(starts), 1)),
        "end_top_index": np.array(ends)[:, None, None],
        "end_top_log_probs": np.zeros((len(starts), 1, 1)),
        "answerable_logit": np.array(
            [9.0 * row["squad_is_impossible"] - 4 for row in features]
        ),
    }
    source = Source(squad.examples(DEV), tokenizer)
    scores = squad.score(outputs, source)
    assert [*scores][:2] == ["exact", "f1"]
    assert scores["exact"] == scores["f1"] == 100
    assert scores["HasAns_total"] == 2
    assert not (tmp_path / "squad_eval.json").exists()
    squad.write_details(outputs, source, scores)
    assert json.loads((tmp_path / "squad_eval.json").read_text()) == scores
    predictions = squad.predictions(outputs, source)
    assert predictions == {
        f"0-{text}": answer or "" for text, answer in questions.ANSWERS.items()
    }
    assert evaluation.failure(outputs, scores) == ""


@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("classifier", [True, False])
def test_padding_does_not_change_answers(tmp_path, joint, classifier):
    """Batches of different lengths, and a beam wider than the inputs."""
    squad = task(
        tmp_path,
        joint_prediction=joint,
        answerable_classifier=classifier,
        max_seq_length=32,
        beam_size=20,
    )
    content = questions.squad(copies=2)
    paragraph = {**content["data"][0]["paragraphs"][0], "context": "a film"}
    paragraph["qas"] = [{**paragraph["qas"][0], "id": "short"}]
    content["data"].append({"paragraphs": [paragraph]})
    questions.write(tmp_path / "dev.json", content)
    tokenizer = sentences.tokenizer(tmp_path)
    examples = squad.examples(DEV)
    split = inputs.make([squad], {"squad": examples}, tokenizer, 2)
    model = FinetuningModel(encoder_config(squad.config), [squad])
    strategy = tf.distribute.get_strategy()
    answers = []
    for length in (None, 32):
        outputs = Predictor(model, squad, strategy, length, 32)(split, 2)
        source = Source(examples, tokenizer)
        answers.append(squad.predictions(outputs, source))
        scores = squad.score(outputs, source)
        assert np.isfinite([*scores.values()]).all()
    assert answers[0] == answers[1]


def test_gradients_reach_every_weight_of_the_head(tmp_path):
    squad = task(tmp_path)
    questions.write(tmp_path / "train.json", questions.squad())
    tokenizer = sentences.tokenizer(tmp_path)
    split = inputs.make([squad], {"squad": squad.examples(TRAIN)}, tokenizer, 1)
    model = FinetuningModel(encoder_config(squad.config), [squad])
    order = np.arange(3).reshape(1, 3)
    (batch,) = inputs.batches(split, order, None, 16)
    with tf.GradientTape() as tape:
        loss = model.losses(batch, None)["squad_loss"].total
    head = {
        path: variable.value
        for path, variable in model.variables.items()
        if path.startswith("task_specific/squad/")
    }
    assert len(head) == 10
    gradients = tape.gradient(loss, [*head.values()])
    for path, gradient in zip(head, gradients, strict=True):
        assert gradient is not None, path


def test_all_questions_without_an_answer():
    scores = answer_metrics.with_null_answers(
        {"q": []}, {"q": "x"}, {"q": 1.0}, threshold=0.0
    )
    assert scores["exact"] == 100
    assert "HasAns_exact" not in scores


def test_only_squad_may_have_no_answer(tmp_path):
    questions.write(tmp_path / "dev.json", questions.squad())
    assert len(task(tmp_path, "squad").examples(DEV)) == 3
    expected = "1 of 3 questions have no right answer; expected one or more"
    with pytest.raises(DataError, match=expected):
        task(tmp_path, "squadv1").examples(DEV)


def test_no_answer_though_is_impossible_is_false_is_told(tmp_path, caplog):
    content = questions.squad()
    questions.write(tmp_path / "dev.json", content)
    task(tmp_path).examples(DEV)
    assert "is_impossible" not in caplog.text
    content["data"][0]["paragraphs"][0]["qas"][1]["answers"] = []
    questions.write(tmp_path / "dev.json", content)
    assert len(task(tmp_path).examples(DEV)) == 3
    assert "1 of 3 questions have no answer, but is_impossible" in caplog.text
    assert "The first is '0-bad'" in caplog.text


def test_a_file_without_questions(tmp_path):
    questions.write(tmp_path / "dev.json", {"data": []})
    with pytest.raises(DataError, match="is empty"):
        task(tmp_path).examples(DEV)
