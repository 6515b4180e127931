"""The ids of many lines at once, as `Tokenizer.encode` has them one by one.

The lines are cut together, by tables and arrays, so that Python looks up each
word and does little else. docs/explanation/builds.md has its speed.
"""

import functools
import itertools
import operator
import re
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from electra_tf.text import id_strings
from electra_tf.text.tokenization import (
    BLANKS,
    MAX_CHARACTERS_REMEMBERED,
    MAX_REMEMBERED_PARTS,
    SIGMA,
    BasicTokenizer,
    Tokenizer,
)

# Kinds of characters: those of words, blanks, those that are a word each, and
# those whose lines are left to `Tokenizer`.
_IN_WORD, _BLANK, _ALONE, _SPECIAL = range(4)
# A letter that depends on its neighbours, and what `str.split` takes for
# blanks, but a tokenizer drops.
_SPECIAL_PATTERN = re.compile(rf"(?![{BLANKS}])\s|{SIGMA}")
_UNKNOWN = np.iinfo(np.int32).min

Lines = Sequence[str]
Encode = Callable[[Lines], list[str]]


class LineTokenizer:
    """Encodes lines; a tokenizer gives the ids of each new word."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self._alphabet = _Alphabet(tokenizer.basic)
        self._parts = _Parts(tokenizer)

    def forget_unknown(self) -> None:
        """Let the tokenizer's `pieces.unknown_words` begin anew."""
        self.tokenizer.forget_unknown()
        self._parts.forget(self.tokenizer.unk_id)

    def encode(self, lines: Lines) -> list[str]:
        """Return the ids of each line, as a string (`id_strings`)."""
        if self._parts.are_too_many:
            self._parts = _Parts(self.tokenizer)
        is_ascii = list(map(str.isascii, lines))  # Faster by itself.
        return _apart(lines, is_ascii, self._encode, self._encode)

    def _encode(self, lines: Lines) -> list[str]:
        text = self._alphabet.look_up("\n".join(lines))
        if text.kinds.max(initial=_IN_WORD) == _SPECIAL:
            special = [bool(_SPECIAL_PATTERN.search(line)) for line in lines]
            return _apart(lines, special, self._encode_singly, self._encode)
        starts, codes = self._cut(text)
        ids, ends = self._parts.ids_of(codes)
        sizes = np.fromiter(map(len, lines), np.int64, len(lines)) + 1
        num_parts = np.searchsorted(starts, np.cumsum(sizes))
        ends = np.concatenate([[0], ends])[num_parts].tolist()
        found = id_strings.of(ids)
        return [found[a:b] for a, b in itertools.pairwise([0, *ends])]

    def _encode_singly(self, lines: Lines) -> list[str]:
        return [id_strings.of(self.tokenizer.encode(line)) for line in lines]

    def _cut(self, text: "_Text") -> tuple[np.ndarray, np.ndarray]:
        """Return where the parts of a text begin, and the code of each."""
        alone = text.kinds == _ALONE
        in_word = text.kinds == _IN_WORD
        begins = in_word.copy()
        begins[1:] &= ~in_word[:-1]
        starts = np.flatnonzero(begins | alone)
        is_alone = alone[starts]
        codes = np.empty(len(starts), np.int32)
        codes[is_alone] = self._parts.of_characters(text.characters[alone])
        codes[~is_alone] = self._parts.of_words(text.words.split())
        return starts, codes


def _apart(
    lines: Lines, chosen: list[bool], encode: Encode, encode_others: Encode
) -> list[str]:
    """Encode the chosen lines by one function, the others by another."""
    not_chosen = map(operator.not_, chosen)
    encoded = iter(encode(list(itertools.compress(lines, chosen))))
    others = iter(encode_others(list(itertools.compress(lines, not_chosen))))
    return [next(encoded if is_chosen else others) for is_chosen in chosen]


class _Text(NamedTuple):
    """Code points and kinds (uint8) of a text's characters, and its words.

    The words are the text with a blank for all that is not of a word.
    """

    characters: np.ndarray
    kinds: np.ndarray
    words: str


class _Alphabet:
    """Reads texts by tables of all characters.

    Args:
        basic: It has the characters that are words. Where it lower-cases,
            A to Z are here, so that fewer words are new.
    """

    def __init__(self, basic: BasicTokenizer):
        self._kinds = _kinds(basic.alone)
        self._words = np.arange(len(self._kinds), dtype=np.int32)
        if basic.do_lower_case:
            self._words[ord("A") : ord("Z") + 1] += ord("a") - ord("A")
        self._words[self._kinds != _IN_WORD] = ord(" ")
        # For `bytes.translate`.
        self._ascii_kinds = self._kinds[:256].tobytes()
        self._ascii_words = self._words[:256].astype(np.uint8).tobytes()

    def look_up(self, text: str) -> _Text:
        """Look up each character of a text."""
        if text.isascii():
            raw = text.encode()
            characters, kinds = (
                np.frombuffer(content, np.uint8)
                for content in (raw, raw.translate(self._ascii_kinds))
            )
            words = raw.translate(self._ascii_words).decode()
            return _Text(characters, kinds, words)
        characters = id_strings.to_array(text)
        words = id_strings.of(self._words[characters])
        return _Text(characters, self._kinds[characters], words)


@functools.cache
def _kinds(alone: str) -> np.ndarray:
    """Return the kind of every character, uint8 by code point."""
    kinds = np.full(sys.maxunicode + 1, _IN_WORD, np.uint8)
    # The others are all in the first plane.
    first_plane = "".join(map(chr, range(1 << 16)))
    for pattern, kind in (
        (f"[{BLANKS}]", _BLANK),
        (f"[{alone}]", _ALONE),
        (_SPECIAL_PATTERN, _SPECIAL),
    ):
        for found in re.finditer(pattern, first_plane):
            kinds[found.start()] = kind
    return kinds


class _Parts(dict):
    """Part of a text -> its code: its one id, or ~k for the k-th sequence."""

    def __init__(self, tokenizer: Tokenizer):
        super().__init__()
        self._encode = tokenizer.encode_part
        self._sequences: list[str] = []
        self._characters = np.full(sys.maxunicode + 1, _UNKNOWN, np.int32)

    @property
    def are_too_many(self) -> bool:
        """Whether it is time to forget them."""
        return len(self) + len(self._sequences) > MAX_REMEMBERED_PARTS

    def __missing__(self, part: str) -> int:
        ids = self._encode(part)
        if len(ids) == 1:
            code = ids[0]
        else:
            code = ~len(self._sequences)
            self._sequences.append(id_strings.of(ids))
        if len(part) <= MAX_CHARACTERS_REMEMBERED:
            self[part] = code
        return code

    def forget(self, number: int) -> None:
        """Forget the parts whose ids have a number among them."""
        one = id_strings.of([number])
        for part, code in list(self.items()):
            if code == number or (code < 0 and one in self._sequences[~code]):
                self.pop(part, None)
        self._characters[self._characters == number] = _UNKNOWN

    def of_words(self, words: Sequence[str]) -> np.ndarray:
        """Return the codes of words, int32 `(len(words),)`."""
        return np.fromiter(map(self.__getitem__, words), np.int32, len(words))

    def of_characters(self, characters: np.ndarray) -> np.ndarray:
        """Return the codes of characters given by their code points."""
        codes = self._characters[characters]
        unknown = codes == _UNKNOWN
        if unknown.any():
            for character in sorted(set(characters[unknown].tolist())):
                self._characters[character] = self[chr(character)]
            codes = self._characters[characters]
        return codes

    def ids_of(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids of all parts, and how many there are up to each."""
        several = codes < 0
        sequences = [self._sequences[~k] for k in codes[several].tolist()]
        sizes = np.ones(len(codes), np.int64)
        sizes[several] = list(map(len, sequences))
        ids = np.repeat(codes, sizes)
        ids[np.repeat(several, sizes)] = id_strings.to_array("".join(sequences))
        return ids, np.cumsum(sizes)
