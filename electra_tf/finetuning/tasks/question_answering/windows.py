"""Passages cut into windows that fit the model.

An input is [CLS] question [SEP] window [SEP]. Windows overlap; of the windows
that hold a token, the one with the most context around it is to answer it.
"""

import bisect
import typing

from electra_tf.finetuning.tasks.question_answering.passages import Question
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.text.tokenization import Tokenizer

# The number of a window is that of its question times this, plus its own.
WINDOWS_PER_QUESTION = 1000
SPECIAL_TOKENS = 3  # [CLS] and two [SEP].
# Weight of a window's length where two give a token the same context.
LENGTH_WEIGHT = 0.01


class Span(typing.NamedTuple):
    """Some of a passage's pieces."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """Number of the piece after it."""
        return self.start + self.length


class Pieces(typing.NamedTuple):
    """A passage in pieces."""

    ids: list[int]
    word: list[int]  # The number of each piece's word.
    first: list[int]  # The number of each word's first piece.


class Window(typing.NamedTuple):
    """An input of the model."""

    eid: int  # Its number in the split.
    input_ids: list[int]
    offset: int  # Where the passage's pieces begin in it.
    words: list[int]  # The number of each of these pieces' word.
    answers: list[bool]  # Whether this window is to answer each of them.
    start: int  # Position of the answer's first piece; 0 if not in it.
    end: int  # Position of its last piece.
    is_impossible: bool  # Whether the question has no answer.

    @property
    def segment_ids(self) -> list[int]:
        """0 for the question and 1 for the passage."""
        rest = len(self.input_ids) - self.offset
        return [0] * self.offset + [1] * rest


class Windows:
    """Makes the windows of questions.

    The settings, a `FinetuningConfig` or `InputSettings`, say how many tokens
    an input and pieces a question may have, and how many pieces it is from a
    window to the next.
    """

    def __init__(self, tokenizer: Tokenizer, settings):
        self.tokenizer = tokenizer
        self.max_seq_length = settings.max_seq_length
        self.max_query_length = settings.max_query_length
        self.doc_stride = settings.doc_stride
        # The questions of a passage stand together.
        self._last = (None, None)

    def __call__(self, question: Question) -> list[Window]:
        """Return the windows of a question, in order.

        Raises:
            DataError: when there are too many to number.
        """
        query = self._query(question)
        pieces = self._pieces(question.passage)
        room = self.max_seq_length - len(query) - SPECIAL_TOKENS
        cut = spans(len(pieces.ids), room, self.doc_stride)
        if len(cut) > WINDOWS_PER_QUESTION:
            raise DataError(
                f"Question {question.id!r} has {len(cut)} windows; expected at "
                f"most {WINDOWS_PER_QUESTION}. Raise doc_stride and "
                "max_seq_length, or shorten the passage."
            )
        best = windows_with_most_context(cut, len(pieces.ids))
        answer = self._answer(question, pieces)
        return [
            self._window(question, query, pieces, span, number, best, answer)
            for number, span in enumerate(cut)
        ]

    def _query(self, question: Question) -> list[int]:
        query = self.tokenizer.encode(question.text)[: self.max_query_length]
        room = self.max_seq_length - SPECIAL_TOKENS
        # A question that fills the input gives half of it to the passage.
        return query if len(query) < room else query[: room // 2]

    def _pieces(self, passage) -> Pieces:
        if self._last[0] is not passage:
            self._last = passage, pieces_of(passage.words, self.tokenizer)
        return self._last[1]

    def _answer(self, question: Question, pieces: Pieces) -> Span | None:
        """Return the pieces of the answer, or None."""
        if question.first < 0:
            return None
        begin = pieces.first[question.first]
        end = (*pieces.first, len(pieces.ids))[question.last + 1]
        # Words hold punctuation that is not part of the answer.
        wanted = self.tokenizer.encode(question.answer)
        for start in range(begin, end - len(wanted) + 1):
            if wanted and pieces.ids[start : start + len(wanted)] == wanted:
                return Span(start, len(wanted))
        return Span(begin, end - begin)

    def _window(
        self, question, query, pieces, span, number, best, answer
    ) -> Window:
        cls_id, sep_id = self.tokenizer.cls_id, self.tokenizer.sep_id
        offset, inside = len(query) + 2, slice(span.start, span.end)
        start = end = 0
        if answer and span.start <= answer.start and answer.end <= span.end:
            start = answer.start - span.start + offset
            end = start + answer.length - 1
        return Window(
            eid=question.eid * WINDOWS_PER_QUESTION + number,
            input_ids=[cls_id, *query, sep_id, *pieces.ids[inside], sep_id],
            offset=offset,
            words=pieces.word[inside],
            answers=[window == number for window in best[inside]],
            start=start,
            end=end,
            is_impossible=question.is_impossible,
        )


def pieces_of(words: list[str], tokenizer) -> Pieces:
    """Cut words into pieces."""
    pieces = Pieces([], [], [])
    for number, word in enumerate(words):
        ids = tokenizer.encode(word)
        pieces.first.append(len(pieces.ids))
        pieces.ids.extend(ids)
        pieces.word.extend([number] * len(ids))
    return pieces


def spans(length: int, room: int, stride: int) -> list[Span]:
    """Return overlapping spans of `room` that cover a length.

    >>> spans(8, room=4, stride=3)
    [Span(start=0, length=4), Span(start=3, length=4), Span(start=6, length=2)]
    """
    found, start = [], 0
    while start < length:
        found.append(Span(start, min(room, length - start)))
        if start + room >= length:
            break
        start += min(room, stride)
    return found


def windows_with_most_context(cut: list[Span], length: int) -> list[int]:
    """Return for each piece the number of the span to answer it.

    It is the first of those where the nearer end is the farthest off.
    """
    starts = [span.start for span in cut]
    ends = [span.end for span in cut]
    best = []
    for position in range(length):
        candidates = range(
            bisect.bisect_right(ends, position),
            bisect.bisect_right(starts, position),
        )
        best.append(max(candidates, key=lambda n: _context(cut[n], position)))
    return best


def _context(span: Span, position: int) -> float:
    nearer = min(position - span.start, span.end - 1 - position)
    return nearer + LENGTH_WEIGHT * span.length
