"""Names of labels that are numbers: one reading for all, or an error."""

import json

import pytest

from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import own

COLUMNS = {"text_column": "t", "label_column": "l"}


def lines(labels) -> str:
    rows = ({"t": f"text {n}", "l": label} for n, label in enumerate(labels))
    return "\n".join(map(json.dumps, rows))


def of_texts(folder, labels, dev=None, name="classification", **settings):
    files = (lines(labels), None if dev is None else lines(dev))
    return own.task(folder, name, "jsonl", *files, **COLUMNS, **settings)


def test_labels_that_count_names_of_numbers(tmp_path, capsys):
    task = of_texts(tmp_path, [0, 2, 1], [1, 1], label_names="1,2,3")
    assert [e.label for e in task.examples("train")] == [0, 2, 1]
    assert [e.label for e in task.examples("dev")] == [1, 1]
    said = capsys.readouterr().err
    assert said.count("the labels are read as numbers from 0.") == 1


def test_labels_that_are_names_of_numbers(tmp_path, capsys):
    task = of_texts(tmp_path, [3, 1, 2], [2, 1], label_names="1,2,3")
    assert [e.label for e in task.examples("train")] == [2, 0, 1]
    assert [e.label for e in task.examples("dev")] == [1, 0]
    assert "the labels are read as its names." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("train", "dev", "expected"),
    [
        ([0, 1, 2], [3], "'3' is none of label_names: a number below 3. "),
        ([3, 1, 2], [0], "'0' is none of label_names: one of 1, 2, 3. "),
    ],
)
def test_dev_is_read_as_train_is(tmp_path, train, dev, expected):
    task = of_texts(tmp_path, train, dev, label_names="1,2,3")
    with pytest.raises(DataError, match="dev_file") as error:
        task.examples("dev")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("train", "names", "expected"),
    [
        ([1, 2], "1,2,3", "fit both ways, and '1' is '2' by number"),
        ([0, 1], "1,0", "fit both ways, and '"),
        ([0, 1, 3], "1,2,3", "'0' is no name, and '3' no such number"),
    ],
)
@pytest.mark.parametrize("skip_bad_rows", [False, True])
def test_no_one_reading(tmp_path, train, names, expected, skip_bad_rows):
    task = of_texts(
        tmp_path, train, label_names=names, skip_bad_rows=skip_bad_rows
    )
    with pytest.raises(DataError) as error:
        task.examples("train")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("labels", "names"), [([1, 0, 2], "0,1,2"), (["z", 1, 0], "0,1,z")]
)
def test_readings_that_agree(tmp_path, labels, names):
    task = of_texts(tmp_path, labels, label_names=names)
    found = [e.label for e in task.examples("train")]
    assert found == [names.split(",").index(str(label)) for label in labels]


def test_a_bad_label_does_not_decide(tmp_path):
    task = of_texts(
        tmp_path, [0, "x", 2, 1], label_names="1,2,3", skip_bad_rows=True
    )
    assert [e.label for e in task.examples("train")] == [0, 2, 1]


def test_lists_of_labels(tmp_path):
    labels = [[0, 1], [2], [1]]
    names = {"name": "multilabel", "label_names": "1,2,3"}
    task = of_texts(tmp_path, labels, [[1, 2]], **names)
    found = [e.label for e in task.examples("train")]
    assert found == [(1, 2), (3,), (2,)]
    assert task.examples("dev")[0].label == (2, 3)


@pytest.mark.parametrize(
    ("extension", "train", "settings"),
    [
        ("jsonl", '{"t": ["a", "b", "c"], "l": [0, 2, 1]}', COLUMNS),
        ("txt", "a 0\nb 2\nc 1\n", {}),
    ],
)
def test_tags(tmp_path, extension, train, settings):
    dev = train.replace("2", "1")
    task = own.task(
        *(tmp_path, "tagging", extension, train, dev),
        label_names="1,2,3",
        **settings,
    )
    assert [s.tags for s in task.examples("train")] == [["1", "3", "2"]]
    assert [s.tags for s in task.examples("dev")] == [["1", "2", "2"]]


def test_a_tag_that_is_no_name_is_located(tmp_path):
    task = own.task(
        *(tmp_path, "tagging", "txt", "a 0\nb 1\n\nc 7\n"), label_names="O,X"
    )
    with pytest.raises(
        DataError, match=r"train_file\.txt, line 4: label '7' is"
    ):
        task.examples("train")
