"""Lines together; that their ids are right: test_tokenization_fuzz."""

import pathlib

import pytest

from electra_tf.text import id_strings, line_tokenizer
from electra_tf.text.line_tokenizer import LineTokenizer
from electra_tf.text.tokenization import Tokenizer

TINY = pathlib.Path(__file__).parents[1] / "goldens" / "vocab_tiny.txt"


@pytest.fixture
def tokenizer():
    return Tokenizer(TINY)


def encode(tokenizer, lines):
    encoded = LineTokenizer(tokenizer).encode(lines)
    return [id_strings.to_array(ids).tolist() for ids in encoded]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [""],
        ["", "the king", "", "  of\t\u3000the old tower  ", ""],
        ["the\nking", "the", "king\n"],  # More lines than there are.
        ["the \x0bking", "the king"],  # A character to drop, not a blank.
        ["\u03a3\u03a3 the", "the king"],
        ["\u4e2d\u6587, the\u2019king", "\ufeffthe"],
        ["the \ud800 king", "\ud800\udc00"],  # As JSON may have them.
        ["\U00020000the"],
    ],
)
def test_ids_are_those_of_each_line(tokenizer, lines):
    assert encode(tokenizer, lines) == list(map(tokenizer.encode, lines))


def test_the_memory_of_parts_is_bounded(tokenizer, monkeypatch):
    monkeypatch.setattr(line_tokenizer, "MAX_REMEMBERED_PARTS", 3)
    together = LineTokenizer(tokenizer)
    lines = ["the king", "of the old tower", "xyzzy " * 9, "q" * 50]
    for line in lines * 3:
        (ids,) = together.encode([line])
        assert id_strings.to_array(ids).tolist() == tokenizer.encode(line)
        assert len(together._parts) <= 3 + len(line.split())


def test_unknown_words_are_met_again_once_forgotten(tokenizer):
    """Words, characters that are words, parts of several, odd lines."""
    lines = LineTokenizer(tokenizer)
    first = ["\u0436\u0436 the \u6f22 \u0449.\u0436", "\u0436\u03a3 king"]
    second = ["the \u0449.\u0436 \u6f23", "\u0436\u03a3"]
    before = lines.encode(first)
    found = list(tokenizer.pieces.unknown_words)
    assert lines.encode(first) == before
    lines.encode(second)
    lines.forget_unknown()
    assert not tokenizer.pieces.unknown_words
    fresh = Tokenizer(TINY)
    assert lines.encode(second) == LineTokenizer(fresh).encode(second)
    assert {*tokenizer.pieces.unknown_words} == {*fresh.pieces.unknown_words}
    assert len(fresh.pieces.unknown_words) == 4
    lines.forget_unknown()
    assert lines.encode(first) == before
    assert list(tokenizer.pieces.unknown_words) == found
