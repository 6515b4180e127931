"""A user's own questions: a question a row, and SQuAD's and MRQA's files."""

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import own, questions

ROWS = [
    {
        "id": 1,
        "title": "t",
        "question": "good",
        "context": questions.PASSAGE,
        "answers": {"text": ["film"], "answer_start": [7]},
    },
    {
        "id": 2,
        "title": "t",
        "question": "why",
        "context": questions.PASSAGE,
        "answers": {"text": [], "answer_start": []},
    },
]


def as_parquet(rows: list[dict]) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue().to_pybytes()


def as_csv(rows: list[dict]) -> str:
    cells = [
        [json.dumps(v) if isinstance(v, dict) else f"{v}" for v in row.values()]
        for row in rows
    ]
    quoted = [['"' + c.replace('"', '""') + '"' for c in row] for row in cells]
    return "\n".join(";".join(row) for row in [[*rows[0]], *quoted])


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("jsonl", "\n".join(map(json.dumps, ROWS))),
        ("json", json.dumps(ROWS)),
        ("json", json.dumps({"version": "2", "data": ROWS})),
        ("parquet", as_parquet(ROWS)),
        ("csv", as_csv(ROWS)),
    ],
)
def test_a_question_a_row(tmp_path, extension, content, capsys):
    task = own.task(tmp_path, "qa", extension, content)
    first, second = task.examples("train")
    assert (first.id, first.answer, first.begin) == ("1", "film", 7)
    assert second.is_impossible
    assert first.passage is second.passage
    assert task.has_null_answers
    said = capsys.readouterr().err
    assert "1 questions without answers are taken to have none" in said
    assert "first question as it is read: 'good', answers ['film']" in said


def test_columns_by_other_names(tmp_path):
    rows = [
        {"id": "1", "q": "good", "p": questions.PASSAGE, "a": a}
        for a in ([{"text": "film", "answer_start": "7"}],)
    ]
    columns = {
        "text_column": "q",
        "text_pair_column": "p",
        "label_column": "a",
    }
    task = own.task(tmp_path, "qa", "json", json.dumps(rows), **columns)
    (question,) = task.examples("dev")
    assert (question.text, question.golds) == ("good", ["film"])
    squad = json.dumps(questions.squad())
    task = own.task(tmp_path, "qa", "json", squad, **columns)
    with pytest.raises(DataError, match=r"layout of squad.*set no text_col"):
        task.examples("train")


def test_values_that_can_be_read_and_those_that_are_left_out(tmp_path, capsys):
    content = questions.squad(2)
    asked = content["data"][0]["paragraphs"][0]["qas"]
    asked[0]["is_impossible"] = "False"
    asked[0]["answers"][0]["answer_start"] = "7"
    asked[1]["answers"][0]["answer_start"] = "12.0"
    asked[3]["answers"][0]["answer_start"] = 3
    asked[4]["id"] = asked[0]["id"]
    content["data"].append({"paragraphs": [{"context": "a", "qas": None}, 7]})
    task = own.task(
        *(tmp_path, "qa", "json", json.dumps(content)), skip_bad_rows=True
    )
    train = task.examples("train")
    assert [question.begin for question in train] == [7, -1, 25, -1]
    said = capsys.readouterr().err
    assert "3 of 8 rows are left out: " in said
    assert "1 with expected a list 'qas' (question 7)" in said
    assert "Of 5 questions 1 are like this. They are left out." in said
    assert "1 questions have the id of another; all are used" in said


def test_an_id_is_text(tmp_path):
    rows = [{**ROWS[0], "id": name} for name in (1, "1")]
    task = own.task(tmp_path, "qa", "json", json.dumps(rows))
    with pytest.raises(DataError, match="row 2: the id '1' is that of"):
        task.examples("dev")


def without_answers(number: int, **changes) -> str:
    """SQuAD's layout: a question has lost its answers, or says other things."""
    content = questions.squad()
    question = content["data"][0]["paragraphs"][0]["qas"][number]
    question.pop("answers")
    question.update(changes)
    return json.dumps(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": [{"text": "film", "answer_start": 7}]},
        {"answers": []},
        {"answers": [], "is_impossible": None},
        {"answers": None, "is_impossible": "0"},
    ],
)
def test_no_answer_to_score_that_does_not_say_so(tmp_path, changes, capsys):
    files = (json.dumps(questions.squad()), without_answers(0, **changes))
    task = own.task(tmp_path, "qa", "json", *files)
    with pytest.raises(DataError, match="question 1: question '0-good' has no"):
        task.examples("dev")
    task = own.task(tmp_path, "qa", "json", *files, skip_bad_rows=True)
    found = task.examples("dev")
    assert [(q.eid, q.golds) for q in found] == [(0, ["book"]), (1, [])]
    assert "Of 3 questions 1 are like this. They are left out." in (
        capsys.readouterr().err
    )


def test_no_answer_to_score_that_says_so(tmp_path, capsys):
    files = (json.dumps(questions.squad()), without_answers(2))
    task = own.task(tmp_path, "qa", "json", *files)
    assert [q.golds for q in task.examples("dev")] == [["film"], ["book"], []]
    assert "like this" not in capsys.readouterr().err


def test_a_question_a_row_with_no_answer_that_does_not_say_so(tmp_path):
    dev = [{**row, "is_impossible": False} for row in ROWS]
    files = (json.dumps(rows) for rows in (ROWS, dev))
    task = own.task(tmp_path, "qa", "json", *files)
    with pytest.raises(DataError, match="row 2: question '2' has no answer"):
        task.examples("dev")


def test_a_test_file_has_no_answers(tmp_path):
    path = tmp_path / "test.json"
    path.write_text(without_answers(0))
    train = json.dumps(questions.squad())
    task = own.task(tmp_path, "qa", "json", train, test_file=str(path))
    assert len(task.examples("test")) == 3


def test_answers_of_another_name_are_not_taken_for_none(tmp_path):
    row = {**ROWS[0], "answer": "film"}
    del row["answers"]
    task = own.task(tmp_path, "qa", "jsonl", json.dumps(row))
    with pytest.raises(DataError, match=r"no column 'answers'.*'answer'"):
        task.examples("train")
