"""The command that answers: streams, mistakes, and what it writes."""

import json
import os
import pathlib
import subprocess
import sys
import threading

import pytest

from electra_tf.finetuning import predict
from tests.finetuning.finetuned import run

ROOT = pathlib.Path(__file__).parents[2]


def test_an_input_without_rows_is_told(model, tmp_path, capsys):
    assert run(model, tmp_path, "text\n", name="in.csv") == []
    assert "in.csv holds no row" in capsys.readouterr().err


def test_unknown_tokens_are_told(model, tmp_path, capsys):
    run(model, tmp_path, "a good film\n" * 99)
    assert capsys.readouterr().err == ""
    run(model, tmp_path, "a good film\nquite good\n")
    said = capsys.readouterr().err
    assert said.startswith("predict: Warning: 20% of the tokens are [UNK]")
    assert "such as 'quite'. Learn a vocabulary" in said


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--input=nowhere"], "No such file or directory: 'nowhere'"),
        (["--batch_size=0"], "--batch_size must be at least 1. Received: 0."),
        (["--task=cola"], "has the tasks sst; choose one by --task. Received"),
        (["--model_folder=."], ". is no folder of a fine-tuned model: it has"),
    ],
)
def test_mistakes(model, tmp_path, flags, problem):
    with pytest.raises(SystemExit) as stopped:
        run(model, tmp_path, "good\n", *flags)
    assert problem in str(stopped.value)


def test_streams_line_by_line(model):
    """An answer comes before the next line is written; order is kept."""
    program = [sys.executable, "-m", "electra_tf.finetuning.predict"]
    process = subprocess.Popen(
        [*program, f"--model_folder={model}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    timer = threading.Timer(120, process.kill)
    timer.start()
    for number, text in enumerate(("good", "bad"), 1):
        process.stdin.write(text + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["line"] == number
    many = "".join(f"{'very ' * (n % 9)}good\n" for n in range(600))
    output, _ = process.communicate(many)
    timer.cancel()
    numbers = [json.loads(line)["line"] for line in output.splitlines()]
    assert numbers == [*range(3, 603)]
    assert process.returncode == 0


def test_reading_stops_where_answering_is_behind():
    """However long the input, few rows are in memory."""
    taken = 0

    def rows():
        nonlocal taken
        while taken < 100_000:
            taken += 1
            yield taken

    lists = predict.together(rows())
    received = next(lists)
    assert received[0] == 1
    assert len(received) <= predict.ROWS_TOGETHER
    assert taken <= 3 * predict.ROWS_TOGETHER


@pytest.mark.parametrize("link", [os.link, os.symlink, None])
def test_the_input_is_not_written_over(tmp_path, link):
    source = tmp_path / "in.txt"
    source.write_text("good\n")
    sink = tmp_path / "out.txt"
    if link:
        link(source, sink)
    else:
        sink = tmp_path / "." / "in.txt"
    with pytest.raises(SystemExit) as stopped:
        predict.main(
            ["--model_folder=no", f"--input={source}", f"--output={sink}"]
        )
    assert "--input and --output are one file" in str(stopped.value)
    assert source.read_text() == "good\n"


def test_an_output_stays_where_the_input_cannot_be_read(model, tmp_path):
    (tmp_path / "out.jsonl").write_text("earlier\n")
    with pytest.raises(SystemExit):
        run(model, tmp_path, "a,b\n1,2\n", name="in.csv")
    assert (tmp_path / "out.jsonl").read_text() == "earlier\n"


def test_only_json_is_written():
    answer = {"line": 1, "id": float("inf"), "score": 0.5}
    assert json.loads(predict.as_json(answer), parse_constant=pytest.fail) == {
        "line": 1,
        "error": "the answer or the id holds what JSON cannot",
    }
    assert json.loads(predict.as_json({"line": 1, "id": "\ud800"}))["error"]
