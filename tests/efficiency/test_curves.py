"""The curves of runs."""

import json

import pytest

from electra_tf.efficiency import curves
from electra_tf.errors import UserError


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, values in {"metrics": (3.0, 2.0), "evaluations": (2.5,)}.items():
        lines = (
            json.dumps({"step": step, "mlm_loss": value, "learning_rate": 1})
            for step, value in enumerate(values)
        )
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    return str(folder)


def test_a_panel_a_metric_and_a_line_a_run(run):
    (panel,) = curves.draw([run, run + "/"]).axes
    assert panel.get_title() == "mlm loss"
    line, points = panel.get_lines()[:2]
    assert [*line.get_ydata()] == [3.0, 2.0]
    assert [*points.get_ydata()] == [2.5]
    assert line.get_label() == "mine" and line.get_color() == points.get_color()


def test_written_by_the_program(run, tmp_path, capsys):
    target = tmp_path / "x.svg"
    curves.main([run, f"--to={target}"])
    assert "<svg" in target.read_text()
    assert capsys.readouterr().out == f"{target}\n"


@pytest.mark.parametrize("words", [["/nowhere"], ["RUN", "--to=a.txt"]])
def test_mistakes(run, words):
    words = [run if word == "RUN" else word for word in words]
    with pytest.raises(SystemExit, match=r"has no metrics\.jsonl|must end in"):
        curves.main(words)


def test_runs_of_one_name_are_told_apart(tmp_path):
    folders = [tmp_path / "a/model", tmp_path / "b/model"]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 2}\n')
    (panel,) = curves.draw([*map(str, folders)]).axes
    labels = [text.get_text() for text in panel.get_legend().get_texts()]
    assert labels == [*map(str, folders)]


@pytest.mark.parametrize(
    ("log", "message"),
    [
        ('{"step": 1, "loss": 2}\n{"step": 2, "lo', None),
        ('{"step": 1, "lo\n{"step": 2, "loss": 2}\n', "line 1 must be a JSON"),
        ("[1]\n", "line 1 must be a JSON object with a step"),
        ('{"loss": 2}\n', "line 1 must be a JSON object with a step"),
        ('{"step": 1, "learning_rate": 1}\n', "logged nothing to draw"),
    ],
)
def test_damaged_logs(tmp_path, log, message):
    (tmp_path / "metrics.jsonl").write_text(log)
    if message is None:
        assert len(curves.draw([str(tmp_path)]).axes) == 1
    else:
        with pytest.raises(UserError, match=message):
            curves.draw([str(tmp_path)])
