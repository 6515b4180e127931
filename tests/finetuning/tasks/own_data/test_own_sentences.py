"""A user's own files: what is read, and what is said about mistakes."""

import pytest

from electra_tf.errors import UserError
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
    names = {"task_names": ["classification"]}
    config = sentences.config(**{**names, **files, **columns, **settings})
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


def test_labels_that_are_numbers_get_their_names(tmp_path):
    train = "text\tlabel\na\t0\nb\t2\nc\tmid\n"
    own = task(tmp_path, train, train, label_names="low,mid,high")
    assert own.labels == ("low", "mid", "high")
    assert [e.label for e in own.examples("train")] == [0, 2, 1]
    dev = "text\tlabel\na\t3\n"
    own = task(tmp_path, train, dev, label_names='["low", "mid", "high"]')
    with pytest.raises(DataError, match="row 2: label '3' is none of label_na"):
        own.examples("dev")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"label_names": "a,,b"}, "none empty. Received: 'a,,b'"),
        ({"label_names": "[1]"}, "none empty. Received: '[1]'"),
        ({"label_names": "[1"}, "none empty. Received: '[1'"),
        ({"label_names": "a,a"}, "must not repeat"),
        ({"text_pair_column": "text"}, "must differ. Received: 'text', 'text'"),
        ({"text_column": "label"}, "must differ. Received: 'label', 'label'"),
        ({"delimiter": ";;"}, "delimiter must be one character, or `tab`"),
        ({"task_names": ["regression"], "label_names": "a"}, "has no labels"),
        ({"task_names": ["sst"], "delimiter": ";"}, "delimiter belongs to the"),
    ],
)
def test_settings_without_a_meaning(settings, expected):
    files = {"train_file": "x", "dev_file": "x"}
    columns = {"text_column": "text", "label_column": "label"}
    own = {"task_names": ["classification"], **files, **columns}
    own = (
        settings
        if settings.get("task_names") == ["sst"]
        else {**own, **settings}
    )
    with pytest.raises(UserError) as error:
        sentences.config(**own)
    assert expected in str(error.value)


def test_what_is_doubtful_is_told(tmp_path, capsys):
    rows = ["7\ta\tpos", "7\tb\tPos", "8\tc\t1", "9\td\t1.0", "10\te\tnone"]
    text = "\n".join(["id\ttext\tlabel", *rows])
    own = task(tmp_path, text, text)
    assert own.labels == ("1", "1.0", "Pos", "none", "pos")
    own.examples("train")
    said = capsys.readouterr().err
    assert "example as it is read: {'text': 'a', 'label': 'pos'}" in said
    assert "the labels 'Pos' and 'pos' differ by blanks or case" in said
    assert "the labels '1' and '1.0' differ" in said
    assert "the label 'none' is learnt as one" in said
    assert "train_file.tsv: 1 ids come more than once, '7' for" in said


def test_columns_that_are_not_read_are_told(tmp_path, capsys):
    text = "id\ttext\ttext_pair\tlabel\n1\ta\tb\tx\n2\tc\td\ty\n"
    task(tmp_path, text, text).examples("train")
    said = capsys.readouterr().err
    assert said.count("columns that are not read: ['text_pair'].") == 1


def test_texts_that_were_learnt_are_told(tmp_path, capsys):
    task(tmp_path, dev=TRAIN + "film\tneg\n").examples("dev")
    assert "2 of 3 texts are in the training data, too" in (
        capsys.readouterr().err
    )


def test_bad_rows_are_left_out_and_keep_their_numbers(tmp_path, capsys):
    bad = ["a\tNaN", "b\t", "\tpos", "c", "d\tpos\te"]
    text = "\n".join([TRAIN.rstrip(), *bad, "film\tneg\n"])
    own = task(tmp_path, text, TRAIN + "e\tother\n", skip_bad_rows=True)
    assert own.labels == ("neg", "pos")
    assert [e.eid for e in own.examples("train")] == [0, 1, 7]
    said = capsys.readouterr().err
    assert said.count("are left out") == 1
    assert "train_file.tsv: 5 of 8 rows are left out: " in said
    assert "1 with nothing in column 'label' (row 5)" in said
    assert len(own.examples("dev")) == 2
    assert "1 of 3 rows are left out: 1 with unknown label 'other'" in (
        capsys.readouterr().err
    )


def test_numbers_are_text(tmp_path):
    rows = '{"text": 12, "label": 1}\n{"text": true, "label": 0}\n'
    own = task(tmp_path, rows, rows, suffix="JSONL")
    assert own.examples("train") == [
        Example(0, "12", None, 1),
        Example(1, "true", None, 0),
    ]


@pytest.mark.parametrize(
    ("name", "suffix", "text", "expected"),
    [
        (
            *("classification", "tsv", 'text\tlabel\n"a ""b"""\tx\nb\ty\n'),
            "1 rows have quotation marks as CSV writes them",
        ),
        (
            *("classification", "tsv", 'text\tlabel\n"a; b"\tx\n"c"\ty\n'),
            "1 rows have quotation marks as CSV writes them",
        ),
        (
            *("classification", "csv", "text,label\na, x\nb, y\n"),
            "the label ' x' has blanks around it",
        ),
        (
            *("classification", "csv", "text,label\na,x\nb,x\u200b\nc,y\n"),
            "the labels 'x' and 'x\\u200b' differ",
        ),
        (
            *("classification", "csv", "text,label\na,True\nb,1\nc,0\n"),
            "the labels '1' and 'True' differ",
        ),
        (
            *("classification", "csv", "text,label\na,0.5\nb,1\n"),
            "the labels are numbers, each learnt as a class",
        ),
        (
            *("classification", "csv", "text,label\na,x\na,y\nNaN,y\n"),
            "2 of 3 texts come again with another label",
        ),
        (
            *("classification", "csv", "text,label\na,x\nNaN,y\n"),
            "1 of 2 texts are 'nan' or the like",
        ),
        (
            *("multilabel", "tsv", "text\tlabel\na\tx;y\nb\ty\n"),
            "'x;y' is learnt as one",
        ),
    ],
)
def test_what_may_be_meant_otherwise_is_told(
    tmp_path, capsys, name, suffix, text, expected
):
    task(tmp_path, text, text, suffix, task_names=[name]).examples("train")
    assert expected in capsys.readouterr().err


def test_either_text_may_be_nan(tmp_path, capsys):
    rows = "text,b,label\na,NaN,x\nnull,nan,y\na,b,x\n"
    pair = {"task_names": ["pair"], "text_pair_column": "b"}
    task(tmp_path, rows, rows, "csv", **pair).examples("train")
    assert "2 of 3 texts are 'nan' or the like" in capsys.readouterr().err


def test_a_number_for_each_label_is_no_list_of_labels(tmp_path):
    rows = '{"text": "a", "label": [1, 0, 1.0]}\n' * 2
    own = task(tmp_path, rows, rows, "jsonl", task_names=["multilabel"])
    with pytest.raises(DataError, match="a number for each label"):
        own.examples("train")


@pytest.mark.parametrize("skip_bad_rows", [False, True])
@pytest.mark.parametrize(
    "labels",
    [
        ("[0, 1]", "[1, 0]", "[0, 1]"),
        ("[0.0, 1.0, 0.0]", "[1.0, 1.0, 0.0]"),
        ("[true, false]", "[false, true]"),
        ("[0.25, 0.5, 0.75]", "[0.5, 0.25, 0.25]"),
        ('"0 1 1"', '"1 0 1"'),
        ('"0.0,1.0"', '"1.0,0.0"'),
        ('"0|1"', '"1|1"'),
        ('"010"', '"110"', '"000"'),
    ],
)
def test_a_column_of_numbers_for_each_label(tmp_path, labels, skip_bad_rows):
    rows = "\n".join(f'{{"text": "a", "label": {label}}}' for label in labels)
    for names in ({}, {"label_names": "x,y"}):
        own = task(
            *(tmp_path, rows, rows, "jsonl"),
            task_names=["multilabel"],
            skip_bad_rows=skip_bad_rows,
            **names,
        )
        with pytest.raises(DataError, match="a number for each label"):
            own.examples("train")


def test_numbers_that_float32_cannot_learn(tmp_path):
    train, dev = (f"text\tlabel\na\t0\nb\t{n}\n" for n in ("1", "2e18"))
    own = task(tmp_path, train, dev, task_names=["regression"])
    with pytest.raises(DataError, match=r"row 3: the score is '2e18'.* 0 to 1"):
        own.examples("dev")
    train = "text\tlabel\na\t-9e307\nb\t1.5e308\n"
    own = task(tmp_path, train, train, task_names=["regression"])
    with pytest.raises(DataError, match=r"-9e\+307 and 1\.5e\+308 are too far"):
        own.examples("train")


def test_lists_of_the_labels_0_and_1(tmp_path, capsys):
    rows = [f'{{"text": "a", "label": {label}}}' for label in ([0, 1], [1])]
    own = task(
        *(tmp_path, "\n".join(rows), rows[0], "jsonl"),
        task_names=["multilabel"],
    )
    assert [e.label for e in own.examples("train")] == [(1, 2), (2,)]
    assert "numbers from 0 to 1" not in capsys.readouterr().err
    assert own.examples("dev")[0].label == (1, 2)
    assert "they are read as lists of labels" in capsys.readouterr().err
