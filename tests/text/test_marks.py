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
