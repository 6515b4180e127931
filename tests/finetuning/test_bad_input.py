"""Mistakes in a user's files: which file, which row, what was read."""

import json

import pytest

from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import own, questions

COLUMNS = {"text_column": "text", "label_column": "label"}
GOOD = {
    "csv": "text,label\ngood,pos\nbad,neg\n",
    "tsv": "text\tlabel\ngood\tpos\nbad\tneg\n",
    "jsonl": '{"text": "good", "label": "pos"}\n{"text": "b", "label": "neg"}',
}


def message(folder, name, extension, train, dev, **settings) -> str:
    """Read the development file, where the mistake is."""
    with pytest.raises(DataError) as error:
        own.task(folder, name, extension, train, dev, **settings).examples(
            "dev"
        )
    return str(error.value)


@pytest.mark.parametrize(
    ("extension", "dev", "expected"),
    [
        ("csv", "text,label\na,b,pos\n", "row 2: expected 2 columns, received"),
        ("csv", 'text,label\n"a,pos\n', "row 2, line 2: no valid CSV"),
        ("csv", "text,label\na,\n", "row 2: nothing in column 'label'"),
        ("csv", "text,text\na,b\n", "row 1: the columns ['text'] come twice"),
        ("csv", b"text,label\nf\xfcr,pos\n", "line 2: not UTF-8 text, at byte"),
        ("csv", "text,label\n", "holds no example, only the row ['text'"),
        ("csv", "", "is empty."),
        ("tsv", "text\tlabel\npos\n", "row 2: expected 2 columns, received 1"),
        ("tsv", b"text\tlabel\n\xe4\tpos\n", "line 2: not UTF-8 text, at byte"),
        ("tsv", "text\tlabel\na\tpositiv\n", "row 2: unknown label 'positiv'"),
        ("jsonl", '{"text": "a"\n', "line 1: no JSON: "),
        ("jsonl", '\n["a"]\n', "line 2: expected a JSON object, one a line."),
        ("jsonl", '{"text": "a"}\n', "has no column 'label'"),
        (
            "jsonl",
            GOOD["jsonl"] + '\n{"text": "a"}',
            "line 3: nothing in column 'label'. Read: {'text': 'a'}",
        ),
        (
            "jsonl",
            '{"text": null, "label": "pos"}',
            "line 1: nothing in column 'text'",
        ),
        (
            "jsonl",
            '{"text": ["a"], "label": "pos"}',
            "line 1: column 'text' must hold text",
        ),
        (
            "jsonl",
            '{"text": "a", "label": "posi"}',
            "line 1: unknown label 'posi'; the labels are 'neg', 'pos'. Did "
            "you mean 'pos'?",
        ),
        ("jsonl", '{"text": "\udce4"}'.encode("latin-1", "replace"), "no col"),
        (
            "jsonl",
            '{"text": "a\\ud800", "label": "pos"}',
            "line 1: holds '\\ud800', which is no character. Read: ",
        ),
        ("csv", 'text,label\n\u2028a,"b"c\n', "Read: '\\u2028a,\"b\"c'"),
        ("jsonl", b'{"text": "\xe4"}', "line 1: not UTF-8 text, at byte 0xe4"),
        ("jsonl", "\n\n", "is empty."),
    ],
)
def test_tables(tmp_path, extension, dev, expected):
    found = message(
        tmp_path, "classification", extension, GOOD[extension], dev, **COLUMNS
    )
    assert "dev_file." in found
    assert expected in found


def test_a_long_row_is_cut_in_the_message(tmp_path):
    dev = f"text\tlabel\n{'a ' * 1000}\tx\n"
    found = message(
        tmp_path, "classification", "tsv", GOOD["tsv"], dev, **COLUMNS
    )
    assert len(found) < 600


@pytest.mark.parametrize(
    ("name", "train", "dev", "expected"),
    [
        (
            "regression",
            "text\tlabel\na\t1\nb\t2\n",
            "text\tlabel\na\tone\n",
            "row 2: the score is 'one'; expected a number. Read: {'text': 'a', "
            "'label': 'one'}. --skip_bad_rows leaves such rows out.",
        ),
        (
            "regression",
            "text\tlabel\na\t1\nb\tinf\n",
            "text\tlabel\na\t1\n",
            "train_file.tsv, row 3: the score is 'inf'; expected a number",
        ),
        (
            "regression",
            "text\tlabel\na\t1\nb\t1.0\n",
            "text\tlabel\na\t1\n",
            "train_file.tsv must have at least two numbers in column 'label'.",
        ),
        (
            "multilabel",
            "text\tlabel\na\tx,y\n",
            "text\tlabel\na\tx,z\n",
            "dev_file.tsv, row 2: unknown label 'z'; the labels are 'x', 'y'",
        ),
        (
            "multilabel",
            "text\tlabel\na\tx,y\n",
            "text\tlabel\na\tx,,y\n",
            "row 2: expected a JSON list of labels, or labels with ',' between",
        ),
        (
            "multilabel",
            "text\tlabel\na\tx,y\n",
            "text\tlabel\na\t[1, 2\n",
            "row 2: '[1, 2' is no JSON: ",
        ),
        (
            "multilabel",
            "text\tlabel\na\tx,y\n",
            "text\tlabel\na\t\n",
            "row 2: nothing in column 'label'",
        ),
    ],
)
def test_numbers_and_sets_of_labels(tmp_path, name, train, dev, expected):
    assert expected in message(tmp_path, name, "tsv", train, dev, **COLUMNS)


def test_more_labels_than_fit(tmp_path):
    train = "text\tlabel\na\t" + ",".join(map(str, range(17))) + "\n"
    found = message(tmp_path, "multilabel", "tsv", train, train, **COLUMNS)
    assert "row 2: 17 labels; expected at most max_seq_length 16" in found


TAGS = "good B-X\nfilm I-X\n. O\n"


@pytest.mark.parametrize(
    ("train", "dev", "expected"),
    [
        (
            TAGS,
            "good\n",
            "dev_file.txt, line 1: expected a word, other",
        ),
        (
            TAGS,
            "\na O\nbad B-Y\n",
            "dev_file.txt, line 2, word 2 'bad': unknown tag 'B-Y'; the "
            "training data has 'O', 'B-X', 'I-X'.",
        ),
        (TAGS, "", "dev_file.txt holds no sentence. Expected lines `word"),
        (TAGS, b"f\xfcr O\n", "dev_file.txt, line 1: not UTF-8 text, at byte"),
        (
            TAGS + "\nbad Y\n",
            TAGS,
            "train_file.txt, line 5, word 1 'bad': the tag 'Y' has no position "
            "such as B- or I-, but others have, 'B-X' for instance.",
        ),
        ("a O\n", "a O\n", "train_file.txt must have at least two tags."),
    ],
)
def test_tagged_words(tmp_path, train, dev, expected):
    assert expected in message(tmp_path, "tagging", "txt", train, dev)


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        ('{"text": ["a", "b"], "label": ["O"]}', "line 1: 2 words, but 1 tags"),
        ('{"text": "a b", "label": ["O"]}', "'text' must hold a list of words"),
        (
            '{"text": ["a"], "label": [1]}',
            "'label': the tags are numbers, [1]",
        ),
        ('{"text": ["a"], "label": [null]}', "'label' must hold a list of wo"),
        ('{"text": ["a"]}', "has no column 'label'"),
    ],
)
def test_lists_of_tagged_words(tmp_path, dev, expected):
    train = '{"text": ["a", "b"], "label": ["O", "B-X"]}'
    assert expected in message(
        tmp_path, "tagging", "jsonl", train, dev, **COLUMNS
    )


def test_lists_of_words_need_their_columns(tmp_path):
    found = message(tmp_path, "tagging", "jsonl", '{"a": ["b"]}', None)
    assert "has the columns ['a']; set text_column and label_column" in found


def changed(change) -> str:
    """Questions as SQuAD's, the first of which is changed."""
    content = questions.squad()
    change(content["data"][0]["paragraphs"][0]["qas"][0])
    return json.dumps(content)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda q: q["answers"][0].update(answer_start=3),
            "train_file.json, question 1: question '0-good': the answer 'film' "
            "should begin at character 3 of the passage, where 'ood ' stands; "
            "it begins at 7. Of 3 questions 1 are like this.",
        ),
        (
            lambda q: q["answers"][0].update(answer_start=30),
            "should begin at character 30, but the passage has 31",
        ),
        (
            lambda q: q["answers"][0].update(answer_start=-1),
            "question 1: column 'answer_start' must hold a whole number of at "
            "least 0, the number of its first character; received -1. Read: ",
        ),
        (
            lambda q: q["answers"][0].update(text="sofa"),
            "where 'film' stands; it is nowhere in it.",
        ),
        (lambda q: q.update(answers=[]), "question '0-good' has no answer."),
        (
            lambda q: q["answers"][0].pop("answer_start"),
            "train_file.json, question 1: nothing in column 'answer_start'",
        ),
        (
            lambda q: q["answers"][0].update(answer_start="7.0"),
            "column 'answer_start' must hold a whole number of at least 0, the "
            "number of its first character; received '7.0'",
        ),
        (
            lambda q: q.update(question=["good"]),
            "column 'question' must hold text, what is asked; received ['go",
        ),
        (
            lambda q: q.update(is_impossible="no"),
            "'is_impossible' must hold true or false, no answer; received 'no'",
        ),
        (
            lambda q: q.update(is_impossible="True"),
            "is_impossible is true, but there are answers. Read: {'id': ",
        ),
    ],
)
def test_answers_that_cannot_be_learnt(tmp_path, change, expected):
    task = own.task(tmp_path, "qa", "json", changed(change))
    with pytest.raises(DataError) as error:
        task.examples("train")
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        (changed(lambda q: q.update(id="0-bad")), "question 2: the id '0-bad'"),
        ('{"data": []}', "dev_file.json is empty."),
        ("[", "dev_file.json: no JSON: "),
        ("[" * 100_000, "dev_file.json: no JSON: "),
        (changed(lambda q: q.update(id=["a"])), "'id' must hold text, the"),
        (b'{"data": "\xff"}', "dev_file.json, line 1: not UTF-8 text"),
    ],
)
def test_questions_to_evaluate(tmp_path, dev, expected):
    train = json.dumps(questions.squad())
    assert expected in message(tmp_path, "qa", "json", train, dev)


def test_right_answers_that_are_nowhere(tmp_path, capsys):
    train = changed(lambda question: None)
    dev = changed(lambda question: question["answers"][0].update(text="x y z"))
    own.task(tmp_path, "qa", "json", train, dev).examples("dev")
    assert (
        "1 of 3 questions have right answers, none" in capsys.readouterr().err
    )


def test_questions_without_answers_where_training_has_none(tmp_path):
    train, dev = (json.dumps(questions.squad(1, n)) for n in (False, True))
    found = message(tmp_path, "qa", "json", train, dev)
    assert "1 of 3 questions have no right answer" in found
    assert found.endswith("In the training data all questions have one.")


@pytest.mark.parametrize(
    ("dev", "expected"),
    [
        ('{"header": 1}\n{"context": "a"}', "line 2: expected a list 'qas'"),
        (
            '{"context": "a", "qas": [{"qid": 1}]}',
            "line 1: nothing in column 'question'",
        ),
        ('{"context": ', "line 1: no JSON: "),
        ('{"header": 1}\n', "dev_file.jsonl holds no question."),
    ],
)
def test_mrqa(tmp_path, dev, expected):
    found = message(tmp_path, "qa", "jsonl", questions.mrqa(), dev)
    assert expected in found


def test_another_extension(tmp_path):
    found = message(tmp_path, "qa", "csv", "a,b\n1,2\n", "a,b\n1,2\n")
    assert "dev_file.csv, row 2: nothing in column 'id'" in found
