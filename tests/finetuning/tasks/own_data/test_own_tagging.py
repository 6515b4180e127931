"""A user's own tagged words: in lists, with numbers for tags, in notations."""

import json

import pytest

from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import own, sentences

COLUMNS = {"text_column": "tokens", "label_column": "ner_tags"}
NUMBERS = [
    {"tokens": ["Eva", 7], "ner_tags": [1, 0]},
    {"tokens": ["Bo"], "ner_tags": [2]},
]
NAMES = "O,B-PER,I-PER"


def lines(rows: list[dict]) -> str:
    return "\n".join(map(json.dumps, rows))


@pytest.mark.parametrize(
    ("extension", "content"),
    [
        ("jsonl", lines(NUMBERS)),
        ("json", json.dumps(NUMBERS)),
        ("csv", 'tokens,ner_tags\n"[""Eva"", 7]","[1, 0]"\n"[\'Bo\']",[2]\n'),
        ("tsv", 'tokens\tner_tags\n["Eva", "7"]\t[1, 0]\n["Bo"]\t[2]\n'),
    ],
)
def test_lists_of_numbers(tmp_path, extension, content, capsys):
    task = own.task(
        *(tmp_path, "tagging", extension, content),
        **COLUMNS,
        label_names=NAMES,
    )
    first, second = task.examples("train")
    assert (first.words, first.tags) == (["Eva", "7"], ["B-PER", "O"])
    assert second.tags == ["B-PER"]  # As IOB1 has it.
    assert task.labels == ("O", "B-PER", "I-PER")
    assert "the first sentence as it is read: [('Eva', 'B-PER'), ('7'" in (
        capsys.readouterr().err
    )


def test_numbers_need_names(tmp_path):
    task = own.task(tmp_path, "tagging", "jsonl", lines(NUMBERS), **COLUMNS)
    with pytest.raises(DataError, match=r"line 1: .*the tags are numbers, \[1"):
        task.examples("train")


@pytest.mark.parametrize(
    ("extension", "text", "settings"),
    [
        ("csv", 'Eva,B-PER\n"10,5",O\n\nBo,B-PER\n', {}),
        ("csv", 'w;t\nEva;B-PER\n"10,5";O\n\nBo;B-PER\n', {"delimiter": ";"}),
        ("txt", "Eva|B-PER\n10,5|O\n\nBo|B-PER\n", {}),
        ("txt", "Eva 1\n10,5 0\n\nBo 1\n", {"label_names": NAMES}),
    ],
)
def test_a_word_a_line(tmp_path, extension, text, settings):
    if text.startswith("w;t"):
        settings = {**settings, "text_column": "w", "label_column": "t"}
    task = own.task(tmp_path, "tagging", extension, text, **settings)
    found = [(s.words, s.tags) for s in task.examples("train")]
    assert found == [(["Eva", "10,5"], ["B-PER", "O"]), (["Bo"], ["B-PER"])]


def test_sentences_that_were_learnt_are_told(tmp_path, capsys):
    task = own.task(tmp_path, "tagging", "txt", "Eva X\n\nis Y\n", "is X\n")
    for split in ("train", "dev"):
        task.examples(split)
    said = capsys.readouterr().err
    assert "dev: 1 of 1 examples are in the training data, too" in said


def test_sentences_that_cannot_be_used(tmp_path, capsys):
    text = "Eva B-PER\nis O\n\nBo\n\nten 000 O\n\nJo B-PER\n"
    task = own.task(tmp_path, "tagging", "txt", text)
    with pytest.raises(DataError, match="line 4: expected a word, other colu"):
        task.examples("train")
    task = own.task(tmp_path, "tagging", "txt", text, skip_bad_rows=True)
    assert [s.words for s in task.examples("train")] == [["Eva", "is"], ["Jo"]]
    said = capsys.readouterr().err
    assert "2 of 4 rows are left out: " in said
    assert "1 with expected 2 columns, as most lines have (line 6)" in said


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("B_PER I_PER O", {"f1", "f1_PER"}),
        ("PER-B PER-I O", {"f1", "f1_PER"}),
        ("B-X-Y I-X-Y O", {"f1", "f1_X-Y"}),
        ("B-PER-I I-PER-I O", {"f1", "f1_PER-I"}),
        ("B I O", {"f1"}),
        ("b-per i-per o", {"f1", "f1_per"}),
    ],
)
def test_spans_are_scored_whatever_the_notation(tmp_path, text, scores):
    text = "".join(f"x {tag}\n" for tag in text.split())
    task = own.task(tmp_path, "tagging", "txt", text)
    (sentence,) = task.examples("train")
    ids = [[task.labels.index(tag) for tag in sentence.tags]]
    outputs = {
        "eid": [0],
        "predictions": ids,
        "label_ids": ids,
        "labels_mask": [[1.0] * 3],
        "loss": [0.5],
    }
    found = task.score(outputs)
    assert {*found} == {*scores, "precision", "recall", "loss"}
    assert all(found[name] == 100 for name in scores)


def test_sentences_with_unknown_tags_are_left_out(tmp_path, capsys):
    task = own.task(
        *(tmp_path, "tagging", "txt", "Eva B-X\n", "a O\n\nb B-Z\n\nc O\n"),
        skip_bad_rows=True,
    )
    assert [s.eid for s in task.examples("dev")] == [0, 2]
    assert "1 of 3 rows are left out: 1 with unknown tag 'B-Z'" in (
        capsys.readouterr().err
    )


def test_parts_of_a_sentence_with_words_of_nothing(tmp_path):
    text = "a X\n\u200d Y\nbad X\n\u200d\u200d Y\n\ufeff X\n"
    task = own.task(tmp_path, "tagging", "txt", text, max_seq_length=4)
    tokenizer = sentences.tokenizer(tmp_path)
    rows = task.features(task.examples("train"), tokenizer)
    tokens = [[tokenizer.tokens[i] for i in row["input_ids"]] for row in rows]
    assert tokens == [
        ["[CLS]", "a", "[UNK]", "[SEP]"],
        ["[CLS]", "bad", "[UNK]", "[SEP]"],
        ["[CLS]", "[UNK]", "[SEP]"],
    ]
    places = [row["tagging_labeled_positions"] for row in rows]
    assert places == [[1, 2], [1, 2], [1]]
    assert sum(row.get("bare", 0) for row in rows) == 3


@pytest.mark.parametrize("tags", [[0.0, 1.0], ["0", "1"], ["O", "nan"]])
def test_what_stands_for_numbers_or_none_is_no_tag(tmp_path, tags):
    rows = lines([{"tokens": ["Eva", "ist"], "ner_tags": tags}])
    task = own.task(tmp_path, "tagging", "jsonl", rows, **COLUMNS)
    with pytest.raises(DataError, match="'ner_tags'"):
        task.examples("train")


def test_the_delimiter_of_csv_is_guessed_for_words(tmp_path, capsys):
    text = "w;t\nEva;B-PER\n10,5;O\n\nBo;B-PER\n"
    settings = {"text_column": "w", "label_column": "t"}
    task = own.task(tmp_path, "tagging", "csv", text, **settings)
    assert task.examples("train")[0].words == ["Eva", "10,5"]
    assert "';' is taken to stand between columns" in capsys.readouterr().err
