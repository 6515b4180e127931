"""Results files of several trials."""

import json
import pathlib

import pytest

from electra_tf.finetuning import finetuning_report, results
from electra_tf.finetuning.finished_trials import FinishedTrial
from tests.finetuning import sentences


def result(trial: int, mcc: float, failure="") -> results.TaskResult:
    return results.TaskResult(
        trial=trial,
        seed=42 + trial,
        task="cola",
        metrics={"mcc": mcc, "loss": 0.4},
        failure=failure,
        steps=10,
        seconds=1.0,
    )


def test_files(tmp_path):
    config = sentences.config(data_dir=str(tmp_path))
    results.write_results(
        config, [result(1, 55.118), result(2, float("nan"), "why")]
    )
    with open(config.results_txt) as file:
        assert file.read() == (
            "cola: mcc: 55.12 - loss: 0.40\ncola: mcc: nan - loss: 0.40\n"
        )
    with open(config.results_json) as file:
        content = json.load(file)
    assert [trial["metrics"]["mcc"] for trial in content["trials"]] == [
        55.118,
        None,
    ]
    summary = content["summary"]["cola"]
    assert summary["trials"] == 2
    assert summary["failed"] == [{"trial": 2, "seed": 44, "why": "why"}]
    assert summary["best"] == {"trial": 1, "seed": 43, "mcc": 55.118}
    assert summary["metrics"]["mcc"]["median"] == 55.118


def test_summary_by_hand():
    found = results.summary([result(t, v) for t, v in enumerate((1, 2, 6))])
    assert found["cola"]["metrics"]["mcc"] == pytest.approx(
        {"median": 2, "mean": 3, "std": 7**0.5, "min": 1, "max": 6}
    )


def test_a_line_for_people():
    lines = results.summary_lines([result(1, 50.0), result(2, 0.0, "why")])
    assert lines == [
        "cola: 2 trials, mcc median 25.00, mean 25.00, std 35.36, 0.00 to "
        "50.00, best trial 1; trial 2 failed: why"
    ]


def test_no_trial_has_a_number():
    found = results.summary([result(1, float("nan"), "why")])
    assert found["cola"]["best"] is None
    assert found["cola"]["metrics"].keys() == {"loss"}


def test_a_report_of_a_trial_without_a_number(tmp_path):
    trials = [
        FinishedTrial(n, 1, {}, [result(n, mcc)], [("cola", [])], {})
        for n, mcc in enumerate((40.0, float("nan"), 60.0), 1)
    ]
    config = sentences.config(data_dir=str(tmp_path))
    finetuning_report.write(config, trials)
    report = pathlib.Path(config.report_dir, "report.md").read_text()
    assert "| 2 | 44 | nan | 0.40 |" in report
    assert "| median |  | 50.00 | 0.40 |" in report
    assert "| std |  | 14.14 | 0.00 |" in report


def test_predictions_for_the_glue_site(tmp_path):
    path = tmp_path / "new" / "rte_test_1.json"
    results.write_predictions(str(path), [(0, "entailment", [1.0, 0.0])])
    assert json.loads(path.read_text()) == [
        {"index": 0, "prediction": "entailment", "scores": [1.0, 0.0]}
    ]
    assert path.with_suffix(".tsv").read_text() == (
        "index\tprediction\n0\tentailment\n"
    )


def test_files_of_all_tasks_of_a_trial_come_together(tmp_path):
    for task in ("cola", "sts"):
        results.write_submission(
            str(tmp_path / f"{task}_test_1.json"), 1, {f"{task}.tsv": task}
        )
    files = (tmp_path / "submission_1").iterdir()
    assert sorted(path.name for path in files) == ["cola.tsv", "sts.tsv"]
