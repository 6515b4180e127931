"""How files write spans is seen from their tags."""

import warnings

import pytest

from electra_tf.finetuning.tasks.own_data import own_tagging
from electra_tf.finetuning.tasks.tagging import tag_schemes
from electra_tf.finetuning.tasks.tagging.sentence_files import Sentence
from electra_tf.finetuning.tasks.task import DataError
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
        (["B I O", "B O"], "IOB2"),
        (["B M E S", "S S"], "IOBES"),
        (["I I O B"], "IOB1"),
        (["B_X I_X O", "B_Y_Z"], "IOB2"),
        (["X-B X-I O", "Y-Z-B"], "IOB2"),
        (["B-X-Y I-X-Y O", "B-PER-I"], "IOB2"),
        (["b-x i-x o"], "IOB2"),
        # Parts of speech: one letter, or others with a line between.
        (["N V S E", "B O"], "words"),
        (["S_x NN O"], "words"),
        (["S O"], "words"),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B_PER I_PER o", ["B-PER", "I-PER", "O"]),
        ("X-Y-B X-Y-I O", ["B-X-Y", "I-X-Y", "O"]),
        ("B:PER L:PER U:PER", ["B-PER", "E-PER", "S-PER"]),
        ("B M W", ["B", "I", "S"]),
        ("I I B", ["B", "I", "B"]),
        ("B- I- O", ["B", "I", "O"]),
        ("b-per i-per O", ["B-per", "I-per", "O"]),
    ],
)
def test_other_notations_are_learnt_as_the_usual_one(text, expected):
    tagged = Sentence(0, ["x"] * 3, text.split())
    scheme = tag_schemes.detected([tagged])
    assert scheme.learnt_as(tagged.tags) == expected
    learnt = tagged._replace(tags=expected)
    assert {*expected} <= {*tag_schemes.all_tags(scheme, [learnt])}
    # What the training data do not know stays what it is.
    assert scheme.learnt_as(["X-PER", "?"]) == ["X-PER", "?"]


@pytest.mark.parametrize(
    "text",
    ["B-X I-X Y", "B_X I_X Y", "X-B X-I Y", "B-X I", "B-X I_X"],
)
def test_tags_of_two_kinds_are_refused(text):
    tagged = Sentence(0, ["x"] * 3, text.split(), "f.txt, line 1")
    with pytest.raises(DataError, match=r"f\.txt, line 1, word . 'x': the tag"):
        tag_schemes.detected([tagged._replace(words=["x"] * len(tagged.tags))])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B-PER I-LOC", [(0, 0, "PER"), (1, 1, "LOC")]),
        ("O I-LOC I-LOC", [(1, 2, "LOC")]),
        ("B I O B", [(0, 1, ""), (3, 3, "")]),
        ("B-X-Y I-X-Y", [(0, 1, "X-Y")]),
        ("B-PER-I I-PER-I", [(0, 1, "PER-I")]),
        ("S-X B-X E-X", [(0, 0, "X"), (1, 2, "X")]),
    ],
)
def test_spans_as_they_are_scored(text, expected):
    found = tag_schemes.SPAN_RULES["entities"](text.split())
    assert [tuple(span) for span in found] == expected
    assert tag_schemes.SPAN_RULES["words"](text.split()) == []


@pytest.mark.parametrize(
    ("labels", "tags", "expected"),
    [
        ("O B-X I-X L-X U-X", "U-X U-X B-X L-X", ["0 0 X", "1 1 X", "2 3 X"]),
        ("O I_X B_X", "B_X I_X B_X O", ["0 1 X", "2 2 X"]),
        ("O I-X I-Y", "I-X I-X O I-Y", ["0 1 X", "3 3 Y"]),
        ("X-I O X-B", "X-B X-I X-B O", ["0 1 X", "2 2 X"]),
        ("o b:x i:x", "b:x i:x o b:x", ["0 1 x", "3 3 x"]),
        ("O B-X M-X E-X W-X", "B-X M-X E-X W-X", ["0 2 X", "3 3 X"]),
        ("O B I", "B I B O", ["0 1 ", "2 2 "]),
        ("O B-X I-X [CLS]", "[CLS] B-X [CLS] I-X", ["1 1 X", "3 3 X"]),
        ("NOUN VERB O", "NOUN NOUN VERB O", []),
        ("b i n v s", "b i n v", []),  # Parts of speech.
        ("e-mail phone O", "e-mail phone", []),
    ],
)
def test_spans_of_tags_as_a_models_labels_write_them(labels, tags, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rule = tag_schemes.span_rule("entities", labels.split())
        found = rule(tags.split())
    assert [f"{s.first} {s.last} {s.type}" for s in found] == expected


def test_other_rules_look_at_no_labels():
    rule = tag_schemes.span_rule("released", ["O", "B-X", "E-Y"])
    assert rule(["B-X", "E-Y"]) == [tag_schemes.Span(0, 1, "Y")]
    assert tag_schemes.span_rule("words", ["B-X"])(["B-X"]) == []
