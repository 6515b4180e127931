"""Answers as pieces of a passage: exact, or as the released code finds them."""

import functools
import itertools
import typing

from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.question_answering.passages import (
    NO_PLACE,
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.spans import Span
from electra_tf.text.offsets import OffsetTokenizer
from electra_tf.text.tokenization import (
    BasicTokenizer,
    Tokenizer,
    joined_pieces,
)


class ExactPlaces:
    """Places in passages, by the characters that pieces are at.

    The answer to learn is the fewest pieces that cover it, and a predicted
    one is cut from the passage as it was given.

    Args:
        tokenizer: `Tokenizer`.
    """

    def __init__(self, tokenizer: Tokenizer):
        encode = OffsetTokenizer(tokenizer)
        self._pieces = functools.lru_cache(passages.PASSAGES_KEPT)(
            lambda passage: encode(passage.text)
        )

    def ids(self, passage: Passage) -> list[int]:
        """Return the ids of a passage's pieces."""
        return [piece.id for piece in self._pieces(passage)]

    is_at_its_place = staticmethod(passages.is_at_its_place)

    def label(self, question: Question) -> Span | None:
        """Return the fewest pieces that cover the answer, None without any."""
        if question.begin == NO_PLACE:
            return None
        begin, end = question.begin, question.begin + len(question.answer)
        covering = [
            number
            for number, piece in enumerate(self._pieces(question.passage))
            if piece.start < end and begin < piece.end
        ]
        return Span(covering[0], len(covering)) if covering else None

    def text(
        self, question: Question, first: int, last: int
    ) -> tuple[str, int, int]:
        """Return the text from one piece to another, and where it is."""
        pieces = self._pieces(question.passage)[first : last + 1]
        begin = min(piece.start for piece in pieces)
        end = max(piece.end for piece in pieces)
        return question.passage.text[begin:end], begin, end


# The narrow no-break space is a blank here, other rare spaces are not.
SPACES = frozenset(" \t\r\n\u202f")
NO_WORD = -1


class Words:
    """The words of a text, between blanks.

    >>> words = Words("Two  words.")
    >>> words.texts, words.of_character[5], words.starts
    (['Two', 'words.'], 1, [0, 5])
    """

    def __init__(self, text: str):
        self.text = text

    @functools.cached_property
    def of_character(self) -> list[int]:
        """Number of each character's word; of a space, the word before it."""
        words, number, inside = [], NO_WORD, False
        for character in self.text:
            is_space = character in SPACES
            number += not is_space and not inside
            inside = not is_space
            words.append(number)
        return words

    @functools.cached_property
    def starts(self) -> list[int]:
        """Number of each word's first character."""
        spaces = [True, *(c in SPACES for c in self.text)]
        return [
            place
            for place, (before, here) in enumerate(itertools.pairwise(spaces))
            if before and not here
        ]

    @functools.cached_property
    def texts(self) -> list[str]:
        """The words, in order."""
        groups = itertools.groupby(self.text, SPACES.__contains__)
        return ["".join(group) for is_space, group in groups if not is_space]

    def place(self, answer: str, begin: int) -> tuple[int, int] | None:
        """Return the first and last word of an answer, None if not there."""
        end = begin + len(answer) - 1
        words = self.of_character
        if not 0 <= begin < len(words) or not 0 <= end < len(words):
            return None
        first, last = words[begin], words[end]
        there = " ".join(self.texts[first : last + 1])
        wanted = " ".join(answer.split())
        return (first, last) if wanted.lower() in there.lower() else None


class Pieces(typing.NamedTuple):
    """A passage in words and pieces."""

    words: Words
    ids: list[int]
    word: list[int]  # The number of each piece's word.
    first: list[int]  # The number of each word's first piece.


class ReleasedPlaces:
    """Places in passages, by words between blanks, as the released code does.

    A place becomes a word, and the answer is looked for from that word on; a
    prediction is looked for in the words that its pieces come from. Where
    there are no blanks the whole passage can become the answer. It is kept to
    replay what was recorded of the original.
    """

    def __init__(self, tokenizer: Tokenizer):
        self._tokenizer = tokenizer
        self.pieces = functools.lru_cache(passages.PASSAGES_KEPT)(self._cut)

    def ids(self, passage: Passage) -> list[int]:
        """Return the ids of a passage's pieces."""
        return self.pieces(passage).ids

    def _cut(self, passage: Passage) -> Pieces:
        pieces = Pieces(Words(passage.text), [], [], [])
        for number, word in enumerate(pieces.words.texts):
            ids = self._tokenizer.encode(word)
            pieces.first.append(len(pieces.ids))
            pieces.ids.extend(ids)
            pieces.word.extend([number] * len(ids))
        return pieces

    @staticmethod
    def is_at_its_place(passage: Passage, answer: str, begin: int) -> bool:
        """Return whether an answer is in the words at its place."""
        return Words(passage.text).place(answer, begin) is not None

    def label(self, question: Question) -> Span | None:
        """Return the pieces of the answer, or None."""
        if question.begin == NO_PLACE:
            return None
        pieces = self.pieces(question.passage)
        first, last = pieces.words.place(question.answer, question.begin)
        begin = pieces.first[first]
        end = (*pieces.first, len(pieces.ids))[last + 1]
        # Words hold punctuation that is not part of the answer.
        wanted = self._tokenizer.encode(question.answer)
        for start in range(begin, end - len(wanted) + 1):
            if wanted and pieces.ids[start : start + len(wanted)] == wanted:
                return Span(start, len(wanted))
        return Span(begin, end - begin)

    def text(
        self, question: Question, first: int, last: int
    ) -> tuple[str, int, int]:
        """Return the text from one piece to another, and where it is."""
        pieces, tokens = self.pieces(question.passage), self._tokenizer.tokens
        predicted = joined_pieces(
            [tokens[number] for number in pieces.ids[first : last + 1]]
        )
        some = slice(pieces.word[first], pieces.word[last] + 1)
        words, starts = pieces.words.texts[some], pieces.words.starts[some]
        text = " ".join(words)
        begin, end = original_place(predicted, text, self._tokenizer.basic)
        # Where the characters of the joined words stand in the passage.
        places = [
            start + place
            for word, start in zip(words, starts, strict=True)
            for place in range(len(word) + 1)
        ]
        return text[begin:end], places[begin], places[end - 1] + 1


def original_place(
    predicted: str, words: str, basic: BasicTokenizer
) -> tuple[int, int]:
    """Return where in some words a prediction begins, and where it has ended.

    Pieces lack the case, accents and spaces of the text they came from. The
    prediction is looked for in the tokenized words, and carried over to them
    by counting characters other than spaces. Where that does not work, it is
    all of the words. `basic` belongs to the tokenizer that made the pieces.

    >>> original_place("steve smith", "Steve   Smith's", BasicTokenizer())
    (0, 13)
    """
    tokenized = " ".join(basic.words(words))
    begin = tokenized.find(predicted)
    if begin < 0 or not predicted:
        return 0, len(words)
    places = [i for i, c in enumerate(words) if c != " "]
    if len(places) != len(tokenized.replace(" ", "")):
        return 0, len(words)
    before = len(tokenized[:begin].replace(" ", ""))
    length = len(predicted.replace(" ", ""))
    return places[before], places[before + length - 1] + 1


ANSWER_PLACES = {"exact": ExactPlaces, "released": ReleasedPlaces}
