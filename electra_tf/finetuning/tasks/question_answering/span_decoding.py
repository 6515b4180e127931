"""From a head's outputs for each window to the answers of questions."""

import typing
from collections.abc import Iterator

import numpy as np

from electra_tf.finetuning.tasks.question_answering.passages import Question
from electra_tf.finetuning.tasks.question_answering.windows import Window

# The answer where no span can be one, as in the released code.
NO_SPAN = "empty"
# The null odds of a question whose passage has no tokens.
NO_WINDOW_NULL = 1e6


class Answer(typing.NamedTuple):
    """A predicted answer."""

    text: str
    score: float  # Of its start and end together.
    null_odds: float  # The higher the more likely there is no answer.
    # Number of its first character in the passage; -1 where no span can be the
    # answer.
    begin: int = -1
    end: int = -1  # Number of the character after it.


class Candidate(typing.NamedTuple):
    """A span of a window's tokens, from position `start` to `end`."""

    score: float
    window: Window
    start: int
    end: int


def joint_candidates(output: dict) -> Iterator[tuple[int, int, float]]:
    """Give (start, end, score) where ends were chosen given starts."""
    for start, start_score, ends, end_scores in zip(
        output["start_top_index"],
        output["start_top_log_probs"],
        output["end_top_index"],
        output["end_top_log_probs"],
        strict=True,
    ):
        for end, end_score in zip(ends, end_scores, strict=True):
            yield int(start), int(end), float(start_score + end_score)


def independent_candidates(
    output: dict, length: int, n_best: int
) -> Iterator[tuple[int, int, float]]:
    """Give (start, end, score) of the best starts and the best ends.

    Only the first `length` logits count; the others are padding.
    """
    starts, ends = (
        output[name][:length] for name in ("start_logits", "end_logits")
    )
    for start in best_indexes(starts, n_best):
        for end in best_indexes(ends, n_best):
            yield start, end, float(starts[start] + ends[end])


def best_indexes(logits, n_best: int) -> list[int]:
    """Return where the highest logits are; of equal ones the first.

    >>> best_indexes([0.5, 2.0, 2.0, 1.0], 3)
    [1, 2, 3]
    """
    return np.argsort(-np.asarray(logits), kind="stable")[:n_best].tolist()


class Decoder:
    """Chooses the answers of questions.

    The places are those of the `Windows`, which have cut the passage already;
    the settings are a `FinetuningConfig` or `InputSettings`.
    """

    def __init__(self, places, settings):
        self.places = places
        self.settings = settings

    def __call__(
        self, question: Question, windows: list[Window], outputs: list[dict]
    ) -> Answer:
        """Return the answer of a question, by the outputs of its windows."""
        found = [
            candidate
            for window, output in zip(windows, outputs, strict=True)
            for candidate in self._candidates(window, output)
        ]
        null = min(map(self._null, outputs), default=NO_WINDOW_NULL)
        text, score, begin, end = NO_SPAN, 0.0, -1, -1
        if found:
            # Texts are never empty, so the best one is the answer.
            best = max(found, key=lambda candidate: candidate.score)
            first, last = (
                position - best.window.offset + best.window.first
                for position in (best.start, best.end)
            )
            text, begin, end = self.places.text(question, first, last)
            score = best.score
        if not self.settings.answerable_classifier:
            null -= score
        return Answer(text, score, null, begin, end)

    def _null(self, output: dict) -> float:
        if self.settings.answerable_classifier:
            return float(output["answerable_logit"])
        return float(output["start_logits"][0] + output["end_logits"][0])

    def _candidates(self, window: Window, output: dict) -> Iterator[Candidate]:
        settings, length = self.settings, len(window.input_ids)
        passage = range(window.offset, window.offset + len(window.answers))
        for start, end, score in (
            joint_candidates(output)
            if settings.joint_prediction
            else independent_candidates(output, length, settings.n_best_size)
        ):
            if (
                start in passage
                and end in passage
                and start <= end < start + settings.max_answer_length
                and window.answers[start - window.offset]
            ):
                yield Candidate(score, window, start, end)
