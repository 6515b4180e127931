"""Files with seeded mistakes: read whole, refused, or left out and counted."""

import contextlib
import json
import random
import re

import pyarrow as pa
import pytest
from pyarrow import parquet

from electra_tf.errors import UserError
from electra_tf.finetuning import predict
from electra_tf.finetuning.serving.answers import ANSWERS
from electra_tf.finetuning.serving.input_rows import read_rows
from tests.finetuning import own, questions

COLUMNS = {"text_column": "text", "label_column": "label"}
ROUNDS = 16
SENTENCES = [
    {"id": n, "text": f"good film {n}", "label": "yx"[n % 2]} for n in range(6)
]
TAGGED = [
    {"text": ["Eva", "lives", "."], "label": ["B-X", "O", "O"]},
    {"text": ["very", "good"], "label": ["B-Y", "I-Y"]},
    {"text": ["bad"], "label": ["O"]},
]
QUESTIONS = [
    {
        "id": str(n),
        "question": "what",
        "context": questions.PASSAGE,
        "answers": {"text": ["film"], "answer_start": [7]},
        "is_impossible": False,
    }
    for n in range(4)
]
# What people's files have instead of what belongs there.
VALUES = [
    *(None, True, False, 0, -1, 7, "12", "12.0", 1e400, float("nan"), 1.5),
    *("", " ", "nan", "None", "x ", "X", "\ud83d", "\u0000", "a\nb", "[", "{"),
    *([], ["a"], [None], [[1]], {}, {"a": []}, {"text": ["a"]}, "[1, 2", "B-"),
]


def changed(draw: random.Random, value):
    """Put another value at some place of a row."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice([*value])
        if draw.random() < 0.1:
            return {k: v for k, v in value.items() if k != name}
        return {**value, name: changed(draw, value[name])}
    if isinstance(value, list) and value and draw.random() < 0.7:
        place = draw.randrange(len(value))
        found = changed(draw, value[place])
        return [*value[:place], found, *value[place + 1 :]]
    return draw.choice(VALUES)


def examples(folder, name, extension, content, capsys, **settings):
    """Read a training file; return its examples, or an error, and what it said.

    Any other error than a `UserError` fails the test.
    """
    try:
        task = own.task(folder, name, extension, content, **settings)
        found = task.examples("train")
        assert all(getattr(task, "labels", None) or ["of none"])
    except UserError as error:
        found = str(error)
        assert "train_file" in found
    return found, capsys.readouterr().err


def left_out(said: str) -> int:
    counts = re.findall(r"(\d+) of \d+ rows are left out", said)
    counts += re.findall(r"questions (\d+) are like this", said)
    return sum(map(int, counts))


KINDS = {
    "classification": (SENTENCES, COLUMNS),
    "regression": ([{**r, "label": r["id"]} for r in SENTENCES], COLUMNS),
    "multilabel": ([{**r, "label": ["x", "y"]} for r in SENTENCES], COLUMNS),
    "tagging": (TAGGED, COLUMNS),
    "qa": (QUESTIONS, {}),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet"])
def test_no_row_is_lost_in_silence(tmp_path, capsys, name, form):
    rows, columns = KINDS[name]
    draw = random.Random(f"{name} {form}")
    good = 0
    for _ in range(ROUNDS):
        row = draw.randrange(len(rows))
        # An empty row of a CSV is none.
        other = changed(draw, rows[row]) or {"text": None}
        bad = [*rows[:row], other, *rows[row + 1 :]]
        try:
            content = FORMS[form](bad)
        except (
            pa.ArrowException,
            UnicodeEncodeError,
            AttributeError,
            TypeError,
        ):
            continue  # Nobody can have such a file.
        found, said = examples(tmp_path, name, form, content, capsys, **columns)
        skipped, skipped_said = examples(
            *(tmp_path, name, form, content, capsys),
            **columns,
            skip_bad_rows=True,
        )
        if isinstance(found, str):
            if isinstance(skipped, list):
                assert len(skipped) + left_out(skipped_said) == len(bad)
        else:
            good += 1
            assert len(found) == len(bad) == len(skipped)
            assert not left_out(said)
    assert good


def as_csv(rows: list[dict]) -> bytes:
    """As a data frame writes them."""
    cells = [[f"{v}" for v in row.values()] for row in rows]
    quoted = [['"' + c.replace('"', '""') + '"' for c in row] for row in cells]
    return "\n".join(map(",".join, [[*rows[0]], *quoted])).encode()


def as_parquet(rows: list[dict]) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


FORMS = {
    "jsonl": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    "json": lambda rows: json.dumps(rows, indent=1).encode(),
    "csv": as_csv,
    "parquet": as_parquet,
}

FILES = {
    "classification": [
        ("csv", as_csv(SENTENCES)),
        ("tsv", b"id\ttext\tlabel\n1\ta b\tx\n2\tc\ty\n"),
        ("jsonl", FORMS["jsonl"](SENTENCES)),
        ("parquet", as_parquet(SENTENCES)),
    ],
    "tagging": [
        ("txt", b"Eva B-X\nlives O\n\nvery B-Y\ngood I-Y\n"),
        ("conllu", b"# x\n1\tEva\tE\tPROPN" + b"\t_" * 6 + b"\n2\ta\ta\tX"),
        ("csv", b"Eva,B-X\nlives,O\n\ngood,I-X\n"),
    ],
    "qa": [
        ("json", json.dumps(questions.squad(2)).encode()),
        ("jsonl", questions.mrqa().encode()),
    ],
}
BYTES = b'\x00\x1f\x8b\xff\xed\xa0\x80",;\t|\n\r[]{}\\u-0 BIO#'


def with_other_bytes(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.randrange(1, 4)):
        place = draw.randrange(len(changed))
        if draw.random() < 0.5:
            changed[place] = draw.choice(BYTES)
        else:
            end = place + draw.randrange(8)
            changed[place:end] = bytes(draw.choices(BYTES, k=2))
    return bytes(changed)


@pytest.mark.parametrize("name", FILES)
def test_bytes_that_are_changed(tmp_path, capsys, name):
    """Whatever comes, it is read or refused with the name of the file."""
    draw = random.Random(name)
    columns = {} if name != "classification" else COLUMNS
    read = 0
    for round_ in range(3 * ROUNDS):
        extension, content = draw.choice(FILES[name])
        skip = {"skip_bad_rows": bool(round_ % 2)}
        found, _ = examples(
            *(tmp_path, name, extension),
            *(with_other_bytes(draw, content), capsys),
            **columns,
            **skip,
        )
        read += isinstance(found, list)
    assert read


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("classification", "classification"),
        ("tagging", "tagging"),
        ("independent_question_answering", "qa"),
    ],
)
def test_prediction_reads_or_refuses(tmp_path, kind, name):
    draw = random.Random(kind)
    rows = 0
    for _ in range(3 * ROUNDS):
        extension, content = draw.choice(FILES[name])
        path = tmp_path / f"in.{extension}"
        path.write_bytes(with_other_bytes(draw, content))
        form = ["--format=words"] if name == "tagging" else []
        args = predict.parser().parse_args(
            ["--model_folder=x", f"--input={path}", *form]
        )
        with contextlib.ExitStack() as opened:
            try:
                found = [*read_rows(args, ANSWERS[kind], opened)]
            except UserError:
                continue
        rows += sum(not row.problem for row in found)
        for row in found:
            assert predict.as_json({"line": row.line, **row.values})
    assert rows
