"""Marks that are removed with accents, and are none."""

import unicodedata

import pytest

from electra_tf.configs import TokenizerConfig
from electra_tf.text import marks
from electra_tf.text.tokenization import BasicTokenizer


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("a long tail", 0),
        ("Ti\u1ebfng Vi\u1ec7t, \u0435\u0308 \u0439 \u1f84", 0),
        ("\u2764\ufe0f", 0),  # A heart, and that it is to be red.
        ("\u0e17\u0e35\u0e48", 2),  # Thai: a vowel and a tone.
        ("\u0915\u094d\u0937 \u0915\u093c", 2),  # Virama and nukta.
        ("\u304c \u30d1 \u304b", 2),  # Ga and pa have one, ka has none.
        ("\u0623 \u0648\u064e", 2),  # Hamza on alef, and a vowel.
    ],
)
def test_what_is_an_accent(text, removed):
    found = marks.count([text, "b"], TokenizerConfig())
    assert found.removed == removed
    assert found.characters == len("".join(text.split())) + 1
    # They are what the tokenizer removes, beside accents.
    kept = "".join(BasicTokenizer().words(text))
    whole = unicodedata.normalize("NFD", "".join(text.lower().split()))
    assert len(whole) - len(kept) >= removed


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("the king\t\u00a0\u3000 \u4e2d", 0),
        ("\0the\0", 0),  # Counted as lines with NUL.
        ("\U000f0000\ue123 \ue123", 3),  # Private use.
        ("a\u0378\ufffd", 2),  # Not assigned; what was no character.
        ("\x1b[1mthe \x07", 2),
        ("\u06a9\u200c\u0627 \u00ad", 2),  # No joiner; a soft hyphen.
        ("a\u0300\u200d", 1),  # An accent is counted nowhere.
    ],
)
@pytest.mark.parametrize("lower", [True, False])
def test_what_any_tokenizer_drops(text, dropped, lower):
    found = marks.count([text, "b"], TokenizerConfig(do_lower_case=lower))
    assert found.dropped == dropped


@pytest.mark.parametrize(
    "settings", [{"strip_accents": False}, {"do_lower_case": False}]
)
def test_settings_that_keep_marks(settings):
    config = TokenizerConfig(**settings)
    assert marks.count(["\u0e17\u0e35\u0e48"], config).removed == 0


def test_advice():
    assert marks.Marks(1000, 9).advice() is None
    assert marks.Marks().advice() is None
    many = marks.Marks(60, 20) + marks.Marks(40, 24)
    assert "44% of the characters" in many.advice()
    assert "--nostrip_accents" in many.advice()
    assert "removed: they are" not in many.advice()
    assert marks.Marks(1000, 0, 9).advice() is None
    both = many + marks.Marks(100, 0, 50)
    assert "22% of the characters are or have" in both.advice()
    assert "25% of the characters are removed: they are" in both.advice()
