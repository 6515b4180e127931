"""Passages cut into windows that fit the model.

An input is [CLS] question [SEP] window [SEP]. Windows overlap; of the windows
that hold a token, the one with the most context around it is to answer it.
"""

import typing

from electra_tf.finetuning.tasks.question_answering import answer_places
from electra_tf.finetuning.tasks.question_answering.passages import Question
from electra_tf.finetuning.tasks.spans import spans, windows_with_most_context
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.text.tokenization import Tokenizer

# The number of a window is that of its question times this, plus its own.
WINDOWS_PER_QUESTION = 1000
SPECIAL_TOKENS = 3  # [CLS] and two [SEP].


class Window(typing.NamedTuple):
    """An input of the model."""

    eid: int  # Its number in the split.
    input_ids: list[int]
    offset: int  # Where the passage's pieces begin in it.
    first: int  # Number of the first of these pieces in the passage.
    answers: list[bool]  # Whether this window is to answer each of them.
    start: int  # Position of the answer's first piece; 0 if not in it.
    end: int  # Position of its last piece.
    is_impossible: bool  # Whether the question has no answer.
    cut: bool  # Whether the question lost tokens.

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
        self.places = answer_places.ANSWER_PLACES[settings.answer_places](
            tokenizer
        )

    def __call__(self, question: Question) -> list[Window]:
        """Return the windows of a question, in order.

        Raises:
            DataError: when there are too many to number.
        """
        whole = self.tokenizer.encode(question.text)
        query = whole[: self.max_query_length]
        room = self.max_seq_length - SPECIAL_TOKENS
        if len(query) >= room:  # It gives half of the input to the passage.
            query = query[: room // 2]
        ids = self.places.ids(question.passage)
        cut = spans(len(ids), room - len(query), self.doc_stride)
        if len(cut) > WINDOWS_PER_QUESTION:
            raise DataError(
                f"Question {question.id!r} has {len(cut)} windows; expected at "
                f"most {WINDOWS_PER_QUESTION}. Raise doc_stride and "
                "max_seq_length, or shorten the passage."
            )
        best = windows_with_most_context(cut, len(ids))
        answer = self.places.label(question)
        cls_id, sep_id = self.tokenizer.cls_id, self.tokenizer.sep_id
        offset, found = len(query) + 2, []
        for number, span in enumerate(cut):
            inside, start, end = slice(span.start, span.end), 0, 0
            if answer and span.start <= answer.start and answer.end <= span.end:
                start = answer.start - span.start + offset
                end = start + answer.length - 1
            found.append(
                Window(
                    eid=question.eid * WINDOWS_PER_QUESTION + number,
                    input_ids=[cls_id, *query, sep_id, *ids[inside], sep_id],
                    offset=offset,
                    first=span.start,
                    answers=[window == number for window in best[inside]],
                    start=start,
                    end=end,
                    is_impossible=question.is_impossible,
                    cut=len(query) < len(whole),
                )
            )
        return found
