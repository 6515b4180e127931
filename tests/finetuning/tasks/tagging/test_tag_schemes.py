"""How files write spans is seen from their tags."""

import pytest

from electra_tf.finetuning.tasks.own_data import own_tagging
from electra_tf.finetuning.tasks.tagging import tag_schemes
from electra_tf.finetuning.tasks.tagging.sentence_files import Sentence
from tests.finetuning import own, sentences


def detected(*texts: str) -> str:
    tagged = [
        Sentence(n, ["x"] * len(text.split()), text.split())
        for n, text in enumerate(texts)
    ]
    return tag_schemes.detected(tagged).name


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["B-X I-X O", "B-Y O"], "IOB2"),
        (["B-X B-X O"], "IOB2"),
        (["I-X I-X O", "I-Y B-Y"], "IOB1"),
        (["B-X I-Y"], "IOB1"),
        (["B-X E-X O S-Y"], "IOBES"),
        (["B-X L-X O U-Y"], "IOBES"),
        (["B-X M-X E-X W-Y"], "IOBES"),
        (["DT NN O", "VB X-Y"], "words"),
    ],
)
def test_schemes(texts, expected):
    assert detected(*texts) == expected


def test_iob1_is_learnt_as_iob2(tmp_path):
    task = own.task(tmp_path, "tagging", "txt", "a I-X\nfilm I-X\n. O\n")
    (sentence,) = task.examples("train")
    assert sentence.tags == ["B-X", "I-X", "O"]
    assert task.labels == ("O", "B-X", "I-X")


def features(folder, text: str, **settings):
    task = own.task(folder, "tagging", "txt", text, **settings)
    tokenizer = sentences.tokenizer(folder)
    return task, task.features(task.examples("train"), tokenizer)


def test_no_word_of_a_long_sentence_is_lost(tmp_path):
    text = "".join(f"films {tag}\n" for tag in ["O", "B-X"] * 10)
    task, rows = features(tmp_path, text, max_seq_length=9)
    assert all(len(row["input_ids"]) <= 9 for row in rows)
    assert [row["tagging_eid"] for row in rows] == [*range(7)]
    labels = [n for row in rows for n in row["tagging_labels"]]
    assert [task.labels[n] for n in labels] == ["O", "B-X"] * 10
    for row in rows:
        positions = row["tagging_labeled_positions"]
        # Two pieces a word, after [CLS].
        assert positions == [1 + 2 * n for n in range(len(positions))]


def test_a_word_that_is_longer_than_an_input(tmp_path):
    text = "a O\n" + "very-" * 9 + " B-X\na O\n"
    _, rows = features(tmp_path, text, max_seq_length=8)
    assert [len(row["tagging_labels"]) for row in rows] == [1, 1, 1]
    assert max(len(row["input_ids"]) for row in rows) == 8


def test_outputs_of_parts_are_joined():
    outputs = {
        "eid": [0, 1000, 1001, 2000],
        "predictions": [[1, 0], [1, 2], [3, 0], [4, 4]],
        "label_ids": [[1, 0], [1, 2], [3, 0], [4, 4]],
        "labels_mask": [[1.0, 0], [1, 1], [1, 0], [1, 1]],
        "loss": [1.0, 1.0, 1.0, 1.0],
    }
    joined = own_tagging.joined_parts(outputs)
    assert joined["eid"].tolist() == [0, 1, 2]
    found = [row.tolist() for row in joined["predictions"]]
    assert found == [[1], [1, 2, 3], [4, 4]]


@pytest.mark.parametrize("lower", [True, False])
def test_case_follows_the_vocabulary(tmp_path, lower):
    task, (row,) = features(tmp_path, "Good B-X\n. O\n", do_lower_case=lower)
    tokens = sentences.tokenizer(tmp_path).tokens
    first = "good" if lower else "[UNK]"
    assert tokens[row["input_ids"][1]] == first
    assert task.lower_case_words == lower
