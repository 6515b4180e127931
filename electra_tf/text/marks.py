"""Characters that are removed, and are no accents: marks, and what is no text.

`strip_accents` removes all nonspacing marks: of letters of Latin, Greek and
Cyrillic these are accents, in Thai or Hindi they are vowels and tones, in
Japanese they tell ga from ka. Unicode's names begin with COMBINING where a mark
is of no script, or of one with accents.

In any case a tokenizer drops characters of private use, those that Python's
tables of Unicode do not assign, format and control characters, and U+FFFD.

Source: https://www.unicode.org/reports/tr44/#General_Category_Values
"""

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from electra_tf.configs.tokenizer import TokenizerConfig
from electra_tf.text.tokenization import BasicTokenizer

# The share of characters from which on it is worth a warning.
MANY = 0.01
# All but the rarest scripts are below this.
_END = 0x10000
# Of no script, or not seen: they choose among forms of a character.
_OTHERS = ("COMBINING ", "VARIATION ", "MONGOLIAN FREE VARIATION ")
_VOICED = ("\u3099", "\u309a")  # Of kana, though their names begin so.


class Marks(NamedTuple):
    """How many characters a text has, but blanks, and what is removed of them.

    Attributes:
        characters: All but blanks.
        removed: Those that are marks that are no accents, or have one.
        dropped: Those that any tokenizer drops, but NUL.

    >>> Marks(200, 50).advice()[:40]
    '25% of the characters are or have vowel '
    >>> Marks(1000, 9).advice() is None
    True
    """

    characters: int = 0
    removed: int = 0
    dropped: int = 0

    def __add__(self, other: "Marks") -> "Marks":
        return Marks(*map(sum, zip(self, other, strict=True)))

    def advice(self) -> str | None:
        """Return what to say of what is removed, None where it is little."""
        characters = max(self.characters, 1)
        marked, dropped = self.removed / characters, self.dropped / characters
        advice = []
        if marked >= MANY:
            advice.append(_OF_MARKS.format(marked))
        if dropped >= MANY:
            version = unicodedata.unidata_version
            advice.append(_OF_OTHERS.format(dropped, version))
        return " ".join(advice) or None


_OF_MARKS = (
    "{:.0%} of the characters are or have vowel signs, tones or"
    " other marks that are no accents, which are removed with these."
    " --nostrip_accents keeps them: give it to build_vocab, to builds"
    " and to what trains on them."
)
_OF_OTHERS = (
    "{:.0%} of the characters are removed: they are of private use, format or"
    " control characters, U+FFFD, or not assigned in Unicode {}, which is this"
    " Python's. Where letters are among them, write these in other characters,"
    " or use a newer Python."
)


def count(texts: Iterable[str], config: TokenizerConfig) -> Marks:
    """Count what a tokenizer of some settings removes from texts.

    >>> texts = ["\u0e01\u0e34\u0e19 caf\u00e9", "\u304c"]
    >>> count(texts, TokenizerConfig())
    Marks(characters=8, removed=2, dropped=0)
    >>> count(texts, TokenizerConfig(strip_accents=False))
    Marks(characters=8, removed=0, dropped=0)
    >>> count(["\ue000 the\u200b"], TokenizerConfig())
    Marks(characters=5, removed=0, dropped=2)
    """
    text = " ".join(texts)
    removed = 0
    if config.strip_accents and not text.isascii():
        removed = len(_marked().findall(text))
    return Marks(len(text) - text.count(" "), removed, _dropped(text))


def _dropped(text: str) -> int:
    """Return how many characters a tokenizer drops, but NUL."""
    # Nearly all texts are of these; tabs are blanks, and U+FFFD has a shape.
    if text.replace("\t", " ").isprintable() and "\ufffd" not in text:
        return 0
    return sum(map(text.count, filter(_is_dropped, {*text} - {"\0"})))


@functools.cache
def _is_dropped(character: str) -> bool:
    return not BasicTokenizer().cleaned(character)


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
