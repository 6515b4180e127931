"""Files of metrics: JSON lines, and TensorBoard's curves."""

import json

import pytest
import tensorflow as tf

from electra_tf.training.metric_writer import MetricWriter, write_results

LINES = "".join(json.dumps({"step": step}) + "\n" for step in (2, 4, 6))


def writer(folder, train_flops=None) -> MetricWriter:
    return MetricWriter(str(folder), chief=True, train_flops=train_flops)


def scalars(folder) -> list[tuple]:
    """Step, tag and value of all that a folder's only file holds."""
    (path,) = folder.iterdir()
    return [
        (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    ]


def test_a_line_for_each_report(tmp_path):
    written = writer(tmp_path / "run")
    written.write_training(1, {"loss": 2.0})
    written.write_training(2, {"loss": float("nan")})
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"step": 1, "loss": 2.0},
        {"step": 2, "loss": None},
    ]


def test_curves_are_written_where_the_folder_is_seen(tmp_path):
    nowhere = MetricWriter(str(tmp_path), chief=True, device="/job:nowhere")
    with pytest.raises(tf.errors.InvalidArgumentError, match="nowhere"):
        nowhere.write_training(1, {"loss": 2.0})


def test_curves_over_steps_and_gigaflops(tmp_path):
    written = writer(tmp_path, lambda steps: 2.5e9 * steps)
    written.write_training(10, {"disc_auc": 0.5})
    written.write_training(20, {"disc_auc": 0.75})
    assert scalars(tmp_path / "summaries" / "train") == [
        (10, "disc_auc", 0.5),
        (20, "disc_auc", 0.75),
    ]
    assert scalars(tmp_path / "summaries" / "train_by_flops") == [
        (25, "disc_auc", 0.5),
        (50, "disc_auc", 0.75),
    ]


def test_an_evaluations_speed_is_a_curve_only(tmp_path):
    """So that the lines of two equal runs are equal."""
    written = writer(tmp_path, lambda steps: 1e9 * steps)
    written.write_evaluation(10, {"auc": 0.5}, {"steps_per_second": 4.0})
    line = json.loads((tmp_path / "evaluations.jsonl").read_text())
    assert line == {"step": 10, "auc": 0.5}
    summaries = tmp_path / "summaries"
    assert scalars(summaries / "eval") == [
        (10, "auc", 0.5),
        (10, "steps_per_second", 4.0),
    ]
    assert scalars(summaries / "eval_by_flops") == [(10, "auc", 0.5)]


def test_no_curves_over_what_is_not_counted(tmp_path):
    writer(tmp_path).write_training(10, {"disc_auc": 0.5})
    assert [p.name for p in (tmp_path / "summaries").iterdir()] == ["train"]


@pytest.mark.parametrize("chief", [True, False])
def test_writes_nothing_without_a_folder_or_in_another_worker(tmp_path, chief):
    folder = None if chief else str(tmp_path)
    written = MetricWriter(folder, chief, lambda steps: steps)
    written.write_training(1, {"loss": 2.0})
    written.write_evaluation(1, {"loss": 2.0}, {})
    written.forget_after(0)
    assert written.summary_folder("train") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text, kept",
    [
        (LINES, LINES[: len(LINES) * 2 // 3]),
        (LINES[:-1], LINES[: len(LINES) * 2 // 3]),
        (LINES[:14], LINES[:12]),
        (LINES[:12] + '{"st\x00\n', LINES[:12]),
        ("", ""),
    ],
)
def test_lines_of_later_steps_are_cut(tmp_path, text, kept):
    path = tmp_path / "metrics.jsonl"
    path.write_text(text)
    writer(tmp_path).forget_after(4)
    assert path.read_text() == kept


def test_evaluations_of_a_step_and_later_are_cut(tmp_path):
    path = tmp_path / "evaluations.jsonl"
    path.write_text(LINES)
    writer(tmp_path).forget_evaluations(4)
    assert path.read_text() == LINES[:12]


def test_no_lines(tmp_path):
    written = writer(tmp_path)
    written.forget_after(4)
    assert not written.has_evaluation(4)


def test_finds_an_evaluation(tmp_path):
    (tmp_path / "evaluations.jsonl").write_text(LINES[:-1])
    assert writer(tmp_path).has_evaluation(4)
    assert not writer(tmp_path).has_evaluation(6)


def test_results(tmp_path, capsys):
    text, values = tmp_path / "new" / "a.txt", tmp_path / "new" / "a.json"
    write_results(str(text), str(values), {"b": 0.5, "a": 1 / 3})
    assert text.read_text() == "a = 0.333333\nb = 0.5\n"
    assert json.loads(values.read_text()) == {"b": 0.5, "a": 1 / 3}
    printed = capsys.readouterr().err
    assert printed == f"{text.read_text()}Results: {text}, {values}\n"
