"""Answers as pieces of a passage, by the characters they are at.

Every piece has its place in the passage as it was given. The answer to learn
is the fewest pieces that cover it, and a predicted one is cut from the
passage.
"""

import functools

from electra_tf.finetuning.tasks.question_answering.passages import (
    NO_PLACE,
    PASSAGES_KEPT,
    Passage,
    Question,
    is_at_its_place,
)
from electra_tf.finetuning.tasks.question_answering.released_places import (
    ReleasedPlaces,
)
from electra_tf.finetuning.tasks.spans import Span
from electra_tf.text.offsets import OffsetTokenizer
from electra_tf.text.tokenization import Tokenizer


class ExactPlaces:
    """Places in passages, by the offsets of pieces.

    Args:
        tokenizer: `Tokenizer`.
    """

    def __init__(self, tokenizer: Tokenizer):
        encode = OffsetTokenizer(tokenizer)
        self._pieces = functools.lru_cache(PASSAGES_KEPT)(
            lambda passage: encode(passage.text)
        )

    def ids(self, passage: Passage) -> list[int]:
        """Return the ids of a passage's pieces."""
        return [piece.id for piece in self._pieces(passage)]

    is_at_its_place = staticmethod(is_at_its_place)

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


ANSWER_PLACES = {"exact": ExactPlaces, "released": ReleasedPlaces}
