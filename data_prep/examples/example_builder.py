"""Pre-training examples from lines of text: one or two segments each.

Lines are collected until a document ends or the target length is reached.
Most examples are then split in two segments on a line boundary near the
middle; some have a single segment, and some are short, so that a model also
sees such inputs in pre-training.

The random inputs of a document come from the seed and the document alone, by
how it begins. So its examples, and whether it is held out, depend neither on
the documents before it, nor on its file, its job or the machine. Copies of a
document get the same ones; they are never held out on one side and trained on
on the other.

Source: the rules of the original ELECTRA's dataset builder, draw for draw.
"""

import hashlib
import itertools
import struct
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

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
# A document may be a whole file, and is not held in memory. Those that begin
# with so many equal characters have equal draws.
CHARACTERS_OF_BEGINNING = 100_000

_NUMBERS = struct.Struct("<8Q")
# The bits of a float's fraction.
_PRECISION = 53
_UNUSED_BITS = 64 - _PRECISION


class RandomInputs:
    """Random numbers made of a digest of 64 bytes, always the same ones.

    They are the first numbers; their digest is the next ones, and so on. They
    do not change with the version of Python, as those of `random` might.

    >>> inputs = RandomInputs(hashlib.blake2b(b"the king").digest())
    >>> [round(inputs.random(), 4) for _ in range(9)]
    [0.6069, 0.5435, 0.5042, 0.1292, 0.5988, 0.0978, 0.3156, 0.112, 0.5449]
    """

    def __init__(self, digest: bytes):
        self._numbers = _numbers(digest)

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return next(self._numbers)

    def randint(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self.random() * (high - low + 1))


def _numbers(digest: bytes) -> Iterator[float]:
    while True:
        for number in _NUMBERS.unpack(digest):
            yield (number >> _UNUSED_BITS) / (1 << _PRECISION)
        digest = hashlib.blake2b(digest).digest()


def random_inputs_of(
    lines: Iterable[str], seed: int
) -> tuple[RandomInputs, Iterable[str]]:
    """Return the random inputs of a document, and its lines for further use.

    >>> inputs, lines = random_inputs_of(["the king", "is lost"], seed=0)
    >>> again, _ = random_inputs_of(lines, seed=0)
    >>> inputs.random() == again.random()
    True
    """
    lines = iter(lines)
    beginning, size = [], 0
    for line in lines:
        beginning.append(line)
        size += len(line)
        if size >= CHARACTERS_OF_BEGINNING:
            break
    text = "\n".join(beginning)[:CHARACTERS_OF_BEGINNING]
    content = text.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(content, key=str(seed).encode()).digest()
    return RandomInputs(digest), itertools.chain(beginning, lines)


class Example(NamedTuple):
    """One example, without padding."""

    # [CLS] segment 0 [SEP], and segment 1 [SEP] if there is one.
    input_ids: Any
    segment0_length: int  # Number of ids up to and with the first [SEP].


class ExampleBuilder:
    """Makes examples out of the sentences of documents.

    A sentence is a sequence of ids that can be cut and joined: a list, a
    tuple, a string of them (`electra_tf.text.id_strings`).

    Args:
        cls: [CLS], a sentence of one id; all are of its type.
        sep: [SEP], likewise.
        max_length: most ids an example may have, at least `SHORTEST_TARGET`.
        rng: gives the random inputs, as `random.Random` does; not needed if
            each document begins with `begin_document`.

    Attributes:
        tokens: number of ids that finished examples were made of.
        tokens_cut_off: how many of them did not fit. As in the original, a
            full example loses the end of its last line, and of long lines.

    Example, in which no draw asks for a single segment or a short one:

    >>> class Half:
    ...     def random(self):
    ...         return 0.5
    >>> builder = ExampleBuilder(cls=[1], sep=[2], max_length=9, rng=Half())
    >>> list(builder.examples_of([[11, 12, 13], [14, 15, 16]]))
    [Example(input_ids=[1, 11, 12, 13, 2, 14, 15, 16, 2], segment0_length=5)]
    """

    def __init__(
        self, cls, sep, max_length: int, rng: RandomInputs | None = None
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

    def begin_document(self, rng: RandomInputs) -> None:
        """Take the random inputs of the next document.

        Its first target is drawn here, where the original has what was drawn
        at the end of the document before: the same distribution.
        """
        self._rng = rng
        self._target_length = self._next_target_length()

    def examples_of(self, sentences: Iterable) -> Iterator[Example]:
        """Yield the examples of one document, given the ids of its lines."""
        for sentence in sentences:
            self._sentences.append(sentence)
            self._length += len(sentence)
            if self._length >= self._target_length:
                yield self._finish()
        if self._length:
            yield self._finish()

    def _finish(self) -> Example:
        # The order of the draws is part of the original's behaviour: single
        # or not, the crossing sentence, next target, its length.
        first, second = self._split()
        self._sentences = []
        self._length = 0
        self._target_length = self._next_target_length()
        return self._assemble(first, second)

    def _split(self) -> tuple:
        room = (self._target_length - SPECIALS_OF_TWO_SEGMENTS) // 2
        if self._rng.random() < SINGLE_SEGMENT_SHARE:
            room = SINGLE_SEGMENT_TARGET
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
