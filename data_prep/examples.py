"""Pre-training examples from lines of text: one or two segments each.

Lines are collected until a document ends or the target length is reached.
Most examples are then split in two segments on a line boundary near the
middle; some have a single segment, and some are short, so that a model also
sees such inputs in pre-training.

Source: the rules of the original ELECTRA's dataset builder, draw for draw.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from electra_tf.errors import UserError

SINGLE_SEGMENT_SHARE = 0.1
# More than any example holds.
SINGLE_SEGMENT_TARGET = 100_000
SHORT_TARGET_SHARE = 0.05
SHORTEST_TARGET = 5
# How often the sentence that crosses the middle still joins segment 0.
CROSSING_SENTENCE_SHARE = 0.5
# [CLS] and [SEP]; two segments have a second [SEP].
SPECIALS_OF_ONE_SEGMENT = 2
SPECIALS_OF_TWO_SEGMENTS = 3


class Randomness(Protocol):
    """What is needed of `random.Random`."""

    def random(self) -> float:
        """Return a number in [0, 1)."""

    def randint(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""


class Example(NamedTuple):
    """One example, without padding.

    Attributes:
        input_ids: [CLS] segment 0 [SEP], and segment 1 [SEP] if there is one;
            of the type of the sentences.
        segment0_length: Number of ids up to and with the first [SEP].
    """

    input_ids: Any
    segment0_length: int


class ExampleBuilder:
    """Makes examples out of sentences given one after another.

    A sentence is a sequence of ids that can be cut and joined: a list, a
    tuple, a string of them (`electra_tf.text.id_strings`).

    Args:
        cls: [CLS], a sentence of one id; all are of its type.
        sep: [SEP], likewise.
        max_length: Most ids an example may have, at least `SHORTEST_TARGET`.
        rng: Where the random draws come from; not needed if each document
            begins with `begin_document`.

    Attributes:
        tokens: Number of ids that finished examples were made of.
        tokens_cut_off: How many of them did not fit. As in the original, a
            full example loses the end of its last line, and of long lines.

    Example, in which no draw asks for a single segment or a short one:

    >>> class Half:
    ...     def random(self):
    ...         return 0.5
    >>> builder = ExampleBuilder(cls=[1], sep=[2], max_length=9, rng=Half())
    >>> builder.add_sentence([11, 12, 13])
    >>> builder.add_sentence([14, 15, 16])
    >>> builder.end_document()
    Example(input_ids=[1, 11, 12, 13, 2, 14, 15, 16, 2], segment0_length=5)
    """

    def __init__(
        self, cls, sep, max_length: int, rng: Randomness | None = None
    ):
        if max_length < SHORTEST_TARGET:
            raise UserError(
                f"max_length must be at least {SHORTEST_TARGET}. Received:"
                f" {max_length}."
            )
        self._cls = cls
        self._sep = sep
        self._max_length = max_length
        self._rng = rng
        self._target_length = max_length
        self._sentences: list = []
        self._length = 0
        self.tokens = 0
        self.tokens_cut_off = 0

    def begin_document(self, rng: Randomness) -> None:
        """Take the draws of the next document from a source of its own.

        Its first target is drawn here, where the original has what was drawn
        at the end of the document before: the same distribution.
        """
        self._rng = rng
        self._target_length = self._next_target_length()

    def add_sentence(self, sentence) -> Example | None:
        """Take the ids of a line; return an example if one is full."""
        self._sentences.append(sentence)
        self._length += len(sentence)
        if self._length >= self._target_length:
            return self._finish()
        return None

    def end_document(self) -> Example | None:
        """Return what has been collected, if anything."""
        return self._finish() if self._length else None

    def _finish(self) -> Example:
        # The order of the draws is part of the original's behaviour: single
        # or not, the crossing sentence, next target, its length.
        first, second = self._split()
        self._sentences = []
        self._length = 0
        self._target_length = self._next_target_length()
        return self._assemble(first, second)

    def _split(self) -> tuple:
        room = self._room_for_first()
        first = second = self._cls[:0]
        # A short sentence joins the first segment even after a long one went
        # to the second: the original does so too.
        for sentence in self._sentences:
            fits = not first or len(first) + len(sentence) < room
            if fits or self._crosses_middle(first, second, room):
                first = first + sentence
            else:
                second = second + sentence
        return first, second

    def _room_for_first(self) -> int:
        if self._rng.random() < SINGLE_SEGMENT_SHARE:
            return SINGLE_SEGMENT_TARGET
        return (self._target_length - SPECIALS_OF_TWO_SEGMENTS) // 2

    def _crosses_middle(self, first, second, room) -> bool:
        if second or len(first) >= room:
            return False
        return self._rng.random() < CROSSING_SENTENCE_SHARE

    def _next_target_length(self) -> int:
        if self._rng.random() < SHORT_TARGET_SHARE:
            return self._rng.randint(SHORTEST_TARGET, self._max_length)
        return self._max_length

    def _assemble(self, first, second) -> Example:
        most = self._max_length
        ids = self._cls + first[: most - SPECIALS_OF_ONE_SEGMENT] + self._sep
        segment0_length = len(ids)
        kept = segment0_length - SPECIALS_OF_ONE_SEGMENT
        room = most - kept - SPECIALS_OF_TWO_SEGMENTS
        if second and room > 0:
            ids = ids + second[:room] + self._sep
            kept = len(ids) - SPECIALS_OF_TWO_SEGMENTS
        given = len(first) + len(second)
        self.tokens += given
        self.tokens_cut_off += given - kept
        return Example(ids, segment0_length)


def split_documents(
    lines: Iterable[str], blank_lines_separate_documents: bool = True
) -> Iterator[Iterator[str]]:
    """Yield the documents of a text, each as an iterator of its lines.

    An iterator is to be used up before the next one is asked for.

    Args:
        lines: Lines without white space around them.
        blank_lines_separate_documents: If false, all lines are one document
            and blank ones are passed over.

    >>> [list(lines) for lines in split_documents(["a", "b", "", "", "c"])]
    [['a', 'b'], ['c']]
    """
    if not blank_lines_separate_documents:
        lines = filter(None, lines)
        for first in lines:
            yield itertools.chain([first], lines)
        return
    for has_text, document in itertools.groupby(lines, key=bool):
        if has_text:
            yield document


def examples_of_document(
    sentences: Iterable, builder: ExampleBuilder
) -> Iterator[Example]:
    """Yield the examples of one document.

    Args:
        sentences: The ids of its lines, each a sentence or a paragraph.
        builder: What makes the examples; it may go from document to
            document.
    """
    for sentence in sentences:
        example = builder.add_sentence(sentence)
        if example is not None:
            yield example
    last = builder.end_document()
    if last is not None:
        yield last
