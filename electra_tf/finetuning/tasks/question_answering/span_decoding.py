"""From a head's outputs for each window to the answers of questions."""

import typing
from collections.abc import Iterator

import numpy as np

from electra_tf.finetuning.tasks.question_answering.passages import Question
from electra_tf.finetuning.tasks.question_answering.windows import Window
from electra_tf.text.tokenization import (
    BasicTokenizer,
    Tokenizer,
)
from electra_tf.text.vocabulary import CONTINUATION

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

    The settings are a `FinetuningConfig` or `InputSettings`.
    """

    def __init__(self, tokenizer: Tokenizer, settings):
        self.tokenizer = tokenizer
        self.settings = settings
        self._basic = BasicTokenizer(settings.do_lower_case)

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
            text, begin, end = self._text(question, best)
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
        passage = range(window.offset, window.offset + len(window.words))
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

    def _text(
        self, question: Question, candidate: Candidate
    ) -> tuple[str, int, int]:
        """Return a candidate's text, and where in the passage it is."""
        _, window, start, end = candidate
        first, last = (
            window.words[position - window.offset] for position in (start, end)
        )
        ids = window.input_ids[start : end + 1]
        predicted = joined_pieces([self.tokenizer.tokens[i] for i in ids])
        words = question.passage.words[first : last + 1]
        starts = question.passage.word_starts[first : last + 1]
        text = " ".join(words)
        begin, end = original_place(predicted, text, self._basic)
        # Where the characters of the joined words stand in the passage.
        places = [
            start + place
            for word, start in zip(words, starts, strict=True)
            for place in range(len(word) + 1)
        ]
        return text[begin:end], places[begin], places[end - 1] + 1


def joined_pieces(tokens: list[str]) -> str:
    """Return the words of some pieces.

    >>> joined_pieces(["##ing", "a", "film", "##s"])
    'ing a films'
    """
    text = " ".join(tokens).replace(f" {CONTINUATION}", "")
    return " ".join(text.replace(CONTINUATION, "").split())


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
