"""Answers are learnt and predicted at the characters they are at."""

import types

import numpy as np
import pytest

from electra_tf.finetuning.tasks.question_answering.answer_places import (
    ANSWER_PLACES,
    ExactPlaces,
)
from electra_tf.finetuning.tasks.question_answering.passages import (
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.question_answering.span_decoding import Decoder
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.text.tokenization import Tokenizer

# A passage, an answer, and which of its places is meant.
CASES = {
    "no blanks": ("他在北京他在上海他在北京生", "北京", 1),
    "a part of a word": ("10-20/10-30", "10", 1),
    "no-break space": ("about 10\u00a0000 people", "10\u00a0000", 0),
    "combining accents": ("a cafe\u0301, the cafe\u0301s", "cafe\u0301", 1),
    "a composed accent": ("un caf\u00e9, le caf\u00e9", "caf\u00e9", 1),
    "Hangul": ("\ud55c\uad6d\uacfc \ud55c\uad6d", "\ud55c\uad6d", 1),
    "a byte-order mark": ("\ufeffthe king of the king", "king", 1),
    "a capital I with a dot": ("\u0130zmir or \u0130zmir", "\u0130zmir", 1),
    "a soft hyphen": ("co\xadop and co\xadop", "co\xadop", 1),
    "markup": ("<b>one</b><b>two</b><i>two</i>", "two", 1),
    "Thai": ("กาขากา", "กา", 1),
}
SETTINGS = {
    "max_seq_length": 24,
    "max_query_length": 8,
    "doc_stride": 5,
    "answer_places": "exact",
    "max_answer_length": 30,
    "n_best_size": 1,
    "joint_prediction": False,
    "answerable_classifier": False,
}


@pytest.fixture(params=[True, False], ids=["uncased", "cased"])
def tokenizer(tmp_path, request) -> Tokenizer:
    """Every character of the cases is a piece, in lower case too."""
    text = "".join(passage for passage, _, _ in CASES.values())
    pieces = Tokenizer(vocabulary(tmp_path, text, ""), request.param)
    words = "".join(pieces.basic.words(text))
    path = vocabulary(tmp_path, text + words, "##")
    return Tokenizer(path, request.param)


def vocabulary(folder, letters: str, continuation: str) -> str:
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?"]
    for letter in letters:
        if letter.strip():
            tokens += [letter, continuation + letter]
    path = folder / "vocab.txt"
    path.write_text("\n".join(dict.fromkeys(tokens)), "utf-8")
    return str(path)


def question(case: str) -> Question:
    passage, answer, number = CASES[case]
    begin = -1
    for _ in range(number + 1):
        begin = passage.index(answer, begin + 1)
    assert ExactPlaces.is_at_its_place(Passage(passage), answer, begin)
    return Question(0, "q", "?", Passage(passage), [answer], answer, begin)


def one_hot(window, start: int, end: int) -> dict:
    logits = np.zeros((2, len(window.input_ids)))
    logits[0, start] = logits[1, end] = 1.0
    return {"start_logits": logits[0], "end_logits": logits[1]}


@pytest.mark.parametrize("case", CASES)
def test_what_is_learnt_is_what_is_answered(tokenizer, case):
    settings = types.SimpleNamespace(**SETTINGS)
    asked = question(case)
    cut = Windows(tokenizer, settings)
    windows = cut(asked)
    outputs = [one_hot(w, w.start, w.end) for w in windows]
    assert any(window.start for window in windows)
    answer = Decoder(cut.places, settings)(asked, windows, outputs)
    assert answer.begin == asked.begin
    assert answer.text == asked.passage.text[answer.begin : answer.end]
    assert answer.text == asked.answer


def test_the_fewest_pieces_that_cover_the_answer(tmp_path):
    path = vocabulary(tmp_path, ["king", "dom", "the"], "##")
    places = ExactPlaces(Tokenizer(path))
    passage = Passage("the kingdom")
    asked = Question(0, "q", "?", passage, [], "ngd", 6)
    label = places.label(asked)
    assert (label.start, label.length) == (1, 2)
    assert places.text(asked, 1, 2) == ("kingdom", 4, 11)


@pytest.mark.parametrize(
    ("answer", "begin", "expected"),
    [
        ("king", 4, True),
        ("KING", 4, True),
        ("the king", 0, True),
        ("the\u00a0king", 0, True),
        ("king", 5, False),
        ("king", -4, False),
        ("king", 400, False),
        ("", 4, False),
        (" ", 3, False),
    ],
)
def test_answers_at_their_place(answer, begin, expected):
    passage = Passage("the king ")
    assert ExactPlaces.is_at_its_place(passage, answer, begin) == expected


@pytest.mark.parametrize("places", ANSWER_PLACES)
def test_an_empty_passage(tmp_path, places):
    path = vocabulary(tmp_path, "a", "##")
    made = ANSWER_PLACES[places](Tokenizer(path))
    assert made.ids(Passage(" ")) == []
    assert made.label(Question(0, "q", "?", Passage(" "), [])) is None
