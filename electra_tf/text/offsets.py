"""Word pieces with the places in the text that they come from.

Cleaning, lower-casing and removing accents change the length of a text: a
Hangul syllable becomes two or three letters, a capital I with a dot two
characters, a soft hyphen none. Each character of a word keeps the place of
the character of the text that it comes from, so that a piece has a start and
an end in the text as it was given.
"""

import typing
import unicodedata
from collections.abc import Iterator

from electra_tf.text.tokenization import (
    SIGMA,
    BasicTokenizer,
    Memory,
    Tokenizer,
)
from electra_tf.text.vocabulary import CONTINUATION


class Piece(typing.NamedTuple):
    """A word piece and its place: `text[start:end]`."""

    id: int
    start: int  # Its first character.
    # One after its last character; accents that were removed belong to the
    # character before them.
    end: int


class _Character(typing.NamedTuple):
    """A character after some step, and the part of the text behind it."""

    value: str
    start: int
    end: int


class OffsetTokenizer:
    """Cuts texts into pieces with their places; see `Tokenizer.encode`.

    Args:
        tokenizer: `Tokenizer`; the ids are those that it gives.

    Example, of a vocabulary that has `jo` and `##se`:

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w") as file:
    ...     _ = file.write("\\n".join(
    ...         ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "jo", "##se"]))
    ...     file.flush()
    ...     pieces = OffsetTokenizer(Tokenizer(file.name))(" Jos\u00e9, no")
    >>> [tuple(piece) for piece in pieces]
    [(5, 1, 3), (6, 3, 5), (1, 5, 6), (1, 7, 9)]
    """

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self._remembered = Memory(self._encode)

    def __call__(self, text: str) -> list[Piece]:
        """Return the pieces of a text, in order."""
        if SIGMA in text:  # Its lower case depends on other parts.
            return self._encode(text)
        pieces = []
        for part in self.tokenizer.basic.part.finditer(text):
            at = part.start()
            pieces += [
                Piece(piece.id, at + piece.start, at + piece.end)
                for piece in self._remembered[part[0]]
            ]
        return pieces

    def _encode(self, text: str) -> list[Piece]:
        return [
            piece
            for word in words(self.tokenizer.basic, text)
            for piece in self._pieces(word)
        ]

    def _pieces(self, word: list[_Character]) -> Iterator[Piece]:
        tokenizer = self.tokenizer
        ids = tokenizer.encode_words(["".join(c.value for c in word)])
        begin = 0
        for number in ids:
            end = len(word)
            if len(ids) > 1:  # A word that is not cut is one piece.
                length = len(tokenizer.tokens[number])
                end = begin + length - len(CONTINUATION) * (begin > 0)
            yield Piece(number, word[begin].start, word[end - 1].end)
            begin = end


def words(basic: BasicTokenizer, text: str) -> list[list[_Character]]:
    """Return the words of a text, as `basic.words(text)` has them."""
    characters = _translated(
        [_Character(c, i, i + 1) for i, c in enumerate(text)], basic.cleaning
    )
    if basic.do_lower_case:
        characters = _lower(characters)
    if basic.strip_accents:
        characters = _decomposed(characters)
    result, word = [], []
    for character in _translated(characters, basic.punctuation, joins=True):
        if not character.value.isspace():
            word.append(character)
        elif word:
            result.append(word)
            word = []
    return [*result, word] if word else result


def _translated(
    characters: list[_Character], table: dict, joins: bool = False
) -> list[_Character]:
    """Return what `str.translate` makes of characters.

    Args:
        characters: the characters.
        table: from code point to a text, or to None for what is removed.
        joins: bool, whether what is removed belongs to the one before it.
    """
    result: list[_Character] = []
    for character in characters:
        becomes = table[ord(character.value)]
        if becomes is not None:
            result += [character._replace(value=c) for c in becomes]
        elif joins and result and not result[-1].value.isspace():
            end = max(result[-1].end, character.end)
            result[-1] = result[-1]._replace(end=end)
    return result


def _lower(characters: list[_Character]) -> list[_Character]:
    """Lower-case; the whole text, for a final sigma depends on what follows."""
    lowered = iter("".join(c.value for c in characters).lower())
    return [
        character._replace(value=next(lowered))
        for character in characters
        for _ in character.value.lower()
    ]


def _decomposed(characters: list[_Character]) -> list[_Character]:
    """Return the canonical decomposition (NFD), marks in their order."""
    result: list[_Character] = []
    marks: list[_Character] = []
    for character in characters:
        for value in unicodedata.normalize("NFD", character.value):
            part = character._replace(value=value)
            if unicodedata.combining(value):
                marks.append(part)
                continue
            result += [*sorted(marks, key=_order), part]
            marks = []
    return result + sorted(marks, key=_order)


def _order(mark: _Character) -> int:
    return unicodedata.combining(mark.value)
