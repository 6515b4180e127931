"""Parquet and Arrow files, as Hugging Face's datasets lie on disk."""

import datetime
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from electra_tf.finetuning.tasks.tables import read_table
from electra_tf.finetuning.tasks.task import DataError

NAMES = ["O", "B-PER", "I-PER"]
CLASS = {"names": NAMES, "_type": "ClassLabel"}
COLUMNS = {
    "tokens": [["Eva", "lives"], ["Bo"]],
    "ner_tags": [[1, 0], [2]],
    "label": [2, -1],
}


def write_parquet(table, path):
    parquet.write_table(table, path)


def write_stream(table, path):
    with pa.ipc.new_stream(str(path), table.schema) as sink:
        sink.write_table(table)


def write_file(table, path):
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)


def rows(path, columns, features=None, write=write_parquet):
    table = pa.table(columns)
    if features:
        info = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": info})
    write(table, path)
    return read_table(str(path)).records


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.parquet", write_parquet),
        ("a.PQ", write_parquet),
        ("a.arrow", write_stream),
        ("a.feather", write_file),
        ("a.data", write_file),
    ],
)
@pytest.mark.parametrize(
    "tags",
    [
        {"feature": CLASS, "_type": "Sequence"},
        {"feature": CLASS, "_type": "List"},
        [CLASS],
    ],
)
def test_classes_have_their_names(tmp_path, name, write, tags):
    features = {"ner_tags": tags, "label": CLASS}
    found = rows(tmp_path / name, COLUMNS, features, write)
    assert [record.values for record in found] == [
        {
            "tokens": ["Eva", "lives"],
            "ner_tags": ["B-PER", "O"],
            "label": "I-PER",
        },
        {"tokens": ["Bo"], "ner_tags": ["I-PER"], "label": None},
    ]


def test_answers_of_questions(tmp_path):
    answers = {"text": ["b"], "answer_start": [1]}
    features = {
        "answers": {
            "feature": {
                "text": {"dtype": "string", "_type": "Value"},
                "answer_start": {"dtype": "int32", "_type": "Value"},
            },
            "_type": "Sequence",
        }
    }
    (found,) = rows(tmp_path / "a.parquet", {"answers": [answers]}, features)
    assert found.values == {"answers": answers}


def test_a_class_without_a_name_is_a_bad_row(tmp_path):
    features = {"label": CLASS}
    good, bad = rows(tmp_path / "a.parquet", {"label": [0, 7]}, features)
    assert good.values == {"label": "O"}
    assert bad.where.endswith("a.parquet, row 2")
    assert bad.problem.startswith("class 7; expected a number below 3")


@pytest.mark.parametrize("metadata", [b"{", b"[]", b'{"info": 3}'])
def test_metadata_of_other_kinds(tmp_path, metadata):
    table = pa.table({"label": pa.array(["x", "y"]).dictionary_encode()})
    table = table.replace_schema_metadata({"huggingface": metadata})
    parquet.write_table(table, tmp_path / "a.parquet")
    found = read_table(str(tmp_path / "a.parquet")).records
    assert [r.values["label"] for r in found] == ["x", "y"]


def test_a_saved_dataset(tmp_path):
    write_stream(pa.table({"a": [1]}), tmp_path / "data-00000-of-00002.arrow")
    write_stream(pa.table({"a": [2]}), tmp_path / "data-00001-of-00002.arrow")
    (tmp_path / "state.json").write_text("{}")
    (tmp_path / "dataset_info.json").write_text("{}")
    found = read_table(str(tmp_path)).records
    assert [r.values["a"] for r in found] == [1, 2]


@pytest.mark.parametrize("write", [write_parquet, write_file])
def test_two_columns_of_one_name(tmp_path, write):
    write(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"columns \['a'\] come twice"):
        read_table(str(tmp_path / "a.parquet"))


def test_values_of_other_types_come_as_they_are(tmp_path):
    day = datetime.date(2020, 1, 1)
    (found,) = rows(tmp_path / "a.parquet", {"a": [day], "b": [b"\xff"]})
    assert found.values == {"a": day, "b": b"\xff"}
