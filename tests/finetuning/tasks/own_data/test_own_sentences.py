"""A user's own files: what is read, and what is said about mistakes."""

import pytest

from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import sentences

TRAIN = "text\tlabel\ngood film\tpos\nbad film\tneg\n"


def task(folder, train=TRAIN, dev=TRAIN, suffix="tsv", **settings):
    files = {"train_file": train, "dev_file": dev}
    for name, text in files.items():
        path = folder / f"{name}.{suffix}"
        path.write_text(text, "utf-8")
        files[name] = str(path)
    columns = {"text_column": "text", "label_column": "label"}
    config = sentences.config(
        task_names=["classification"], **{**files, **columns, **settings}
    )
    return task_table.tasks(config)[0]


def test_labels_are_those_of_the_training_file_sorted(tmp_path):
    own = task(tmp_path)
    assert own.labels == ("neg", "pos")
    assert own.head.size == 2
    assert own.examples("train") == [
        Example(0, "good film", None, 1),
        Example(1, "bad film", None, 0),
    ]


def test_pairs_from_a_csv(tmp_path):
    train = 'id,b,label,a\n1,"x, y",yes,u\n2,z,no,v\n'
    own = task(
        tmp_path,
        train,
        train,
        suffix="csv",
        text_column="a",
        text_pair_column="b",
    )
    assert own.examples("dev") == [
        Example(0, "u", "x, y", 1),
        Example(1, "v", "z", 0),
    ]


def test_a_test_file_needs_no_label(tmp_path):
    path = tmp_path / "test.tsv"
    path.write_text("text\ngood\n")
    own = task(tmp_path, test_file=str(path))
    assert own.examples("test") == [Example(0, "good", None, 0)]


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        ("", "dev_file.tsv is empty."),
        ("text\tlabel\n", "dev_file.tsv holds no example, only the row ["),
        (
            "txt\tlabel\na\tpos\n",
            "dev_file.tsv has no column 'text'. Did you mean 'txt'? Its "
            "columns are ['txt', 'label']; set text_column to one of these.",
        ),
        (
            "text\tlabel\na\tpos\n \tneg\n",
            "dev_file.tsv, row 3: nothing in column 'text'. Read: {'text': ' "
            "', 'label': 'neg'}",
        ),
        (
            "text\tlabel\na\t\n",
            "dev_file.tsv, row 2: nothing in column 'label'. Read: {'text': "
            "'a', 'label': ''}",
        ),
        (
            "text\tlabel\na\tpos\nb\tc\tpos\n",
            "dev_file.tsv, row 3: expected 2 columns, received 3. Read: "
            "['b', 'c', 'pos']",
        ),
        (
            "text\tlabel\na\tpositive\n",
            "dev_file.tsv, row 2: unknown label 'positive'; the labels are "
            "'neg', 'pos'. Read: {'text': 'a', 'label': 'positive'}",
        ),
    ],
)
def test_mistakes_are_located(tmp_path, dev, expected):
    with pytest.raises(DataError) as error:
        task(tmp_path, dev=dev).examples("dev")
    assert expected in str(error.value)


def test_one_label_cannot_be_learnt(tmp_path):
    own = task(tmp_path, train="text\tlabel\na\tpos\nb\tpos\n")
    with pytest.raises(DataError) as error:
        own.examples("train")
    assert str(error.value).endswith(
        "must have at least two labels in column 'label'. Read: ['pos']"
    )
