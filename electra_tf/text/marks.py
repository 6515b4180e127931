"""Marks that are removed together with accents, and are none.

`strip_accents` removes all nonspacing marks: of letters of Latin, Greek and
Cyrillic these are accents, in Thai or Hindi they are vowels and tones, in
Japanese they tell ga from ka. Unicode's names begin with COMBINING where a mark
is of no script, or of one with accents.

Source: https://www.unicode.org/reports/tr44/#General_Category_Values
"""

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from electra_tf.configs.tokenizer import TokenizerConfig

# The share of characters from which on it is worth a warning.
MANY = 0.01
# All but the rarest scripts are below this.
_END = 0x10000
# Of no script, or not seen: they choose among forms of a character.
_OTHERS = ("COMBINING ", "VARIATION ", "MONGOLIAN FREE VARIATION ")
_VOICED = ("\u3099", "\u309a")  # Of kana, though their names begin so.


class Marks(NamedTuple):
    """How many characters a text has, but blanks, and what is removed of them.

    >>> Marks(200, 50).advice()[:40]
    '25% of the characters are or have vowel '
    >>> Marks(1000, 9).advice() is None
    True
    """

    characters: int = 0
    removed: int = 0

    def __add__(self, other: "Marks") -> "Marks":
        return Marks(self.characters + other[0], self.removed + other[1])

    def advice(self) -> str | None:
        """Return what to say of the marks, None where they are few."""
        share = self.removed / max(self.characters, 1)
        if share < MANY:
            return None
        return (
            f"{share:.0%} of the characters are or have vowel signs, tones or"
            " other marks that are no accents, which are removed with these."
            " --nostrip_accents keeps them: give it to build_vocab, to builds"
            " and to what trains on them."
        )


def count(texts: Iterable[str], config: TokenizerConfig) -> Marks:
    """Count the marks that a tokenizer of some settings removes from texts.

    >>> texts = ["\u0e01\u0e34\u0e19 caf\u00e9", "\u304c"]
    >>> count(texts, TokenizerConfig())
    Marks(characters=8, removed=2)
    >>> count(texts, TokenizerConfig(strip_accents=False))
    Marks(characters=8, removed=0)
    """
    text = " ".join(texts)
    removed = 0
    if config.strip_accents and not text.isascii():
        removed = len(_marked().findall(text))
    return Marks(len(text) - text.count(" "), removed)


@functools.cache
def _marked() -> re.Pattern[str]:
    """Return the pattern of characters that are such marks, or have one."""
    every = map(chr, range(_END))
    found = (c for c in every if any(map(_is_no_accent, _decomposed(c))))
    return re.compile(f"[{''.join(found)}]")


def _decomposed(character: str) -> str:
    return unicodedata.normalize("NFD", character)


def _is_no_accent(character: str) -> bool:
    if unicodedata.category(character) != "Mn":
        return False
    name = unicodedata.name(character)
    return character in _VOICED or not name.startswith(_OTHERS)
