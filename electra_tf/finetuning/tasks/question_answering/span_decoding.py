"""From what a head says of each window to the answers of questions."""

import typing

import numpy as np

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.question_answering.passages import Question
from electra_tf.finetuning.tasks.question_answering.windows import Window
from electra_tf.text.tokenization import CONTINUATION, BasicTokenizer

# The answer where no span can be one, as in the released code.
NO_SPAN = "empty"
# The null odds of a question whose passage has no tokens.
NO_WINDOW_NULL = 1e6


class Answer(typing.NamedTuple):
    """What is predicted for a question.

    Attributes:
        text: str.
        score: float, of its start and end together.
        null_odds: float, the higher the more likely there is no answer.
        begin: int, number of its first character in the passage; -1 where no
            span can be the answer.
        end: int, number of the character after it.
    """

    text: str
    score: float
    null_odds: float
    begin: int = -1
    end: int = -1


class Candidate(typing.NamedTuple):
    """A span of a window's tokens.

    Attributes:
        score: float.
        window: `Window`.
        start: int, position of its first token.
        end: int, position of its last token.
    """

    score: float
    window: Window
    start: int
    end: int


def joint_candidates(output: dict, length: int, n_best: int) -> list[tuple]:
    """Return (start, end, score) where ends were chosen given starts."""
    del length, n_best
    return [
        (int(start), int(end), float(start_score + end_score))
        for start, start_score, ends, end_scores in zip(
            output["start_top_index"],
            output["start_top_log_probs"],
            output["end_top_index"],
            output["end_top_log_probs"],
            strict=True,
        )
        for end, end_score in zip(ends, end_scores, strict=True)
    ]


def independent_candidates(
    output: dict, length: int, n_best: int
) -> list[tuple]:
    """Return (start, end, score) of the best starts and the best ends.

    Only the first `length` logits count; the others are padding.
    """
    starts, ends = (
        output[name][:length] for name in ("start_logits", "end_logits")
    )
    return [
        (start, end, float(starts[start] + ends[end]))
        for start in best_indexes(starts, n_best)
        for end in best_indexes(ends, n_best)
    ]


def best_indexes(logits, n_best: int) -> list[int]:
    """Return where the highest logits are; of equal ones the first.

    >>> best_indexes([0.5, 2.0, 2.0, 1.0], 3)
    [1, 2, 3]
    """
    return np.argsort(-np.asarray(logits), kind="stable")[:n_best].tolist()


class Decoder:
    """Chooses the answers of questions.

    Args:
        tokenizer: `electra_tf.text.tokenization.Tokenizer`.
        config: `FinetuningConfig`.
    """

    def __init__(self, tokenizer, config):
        self.tokenizer = tokenizer
        self.config = config
        self.candidates = (
            joint_candidates
            if config.joint_prediction
            else independent_candidates
        )
        self._basic = BasicTokenizer(config.do_lower_case)

    def __call__(
        self, question: Question, windows: list[Window], outputs: list[dict]
    ) -> Answer:
        """Return the answer of a question.

        Args:
            question: `Question`.
            windows: list of its `Window`s.
            outputs: list of what the head returned for each of them.
        """
        found = [
            candidate
            for window, output in zip(windows, outputs, strict=True)
            for candidate in self._candidates(window, output)
        ]
        found.sort(key=lambda candidate: candidate.score, reverse=True)
        text, score, begin, end = NO_SPAN, 0.0, -1, -1
        # Texts are never empty, so the first one is the best.
        if found:
            text, begin, end = self._text(question, found[0])
            score = found[0].score
        null = min(
            (self._null(output) for output in outputs), default=NO_WINDOW_NULL
        )
        if not self.config.answerable_classifier:
            null -= score
        return Answer(text, score, null, begin, end)

    def _null(self, output: dict) -> float:
        if self.config.answerable_classifier:
            return float(output["answerable_logit"])
        return float(output["start_logits"][0] + output["end_logits"][0])

    def _candidates(self, window: Window, output: dict):
        most = self.config.max_answer_length
        passage = range(window.offset, window.offset + len(window.words))
        for start, end, score in self.candidates(
            output, len(window.input_ids), self.config.n_best_size
        ):
            if (
                start in passage
                and end in passage
                and start <= end < start + most
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
        passage = question.passage
        words = passage.words[first : last + 1]
        text = " ".join(words)
        begin, end = original_place(predicted, text, self._basic)
        starts = passage.word_starts[first : last + 1]
        return (
            text[begin:end],
            _in_passage(begin, words, starts),
            _in_passage(end - 1, words, starts) + 1,
        )


def _in_passage(place: int, words: list[str], starts: list[int]) -> int:
    """Return where in a passage a character of its joined words stands.

    >>> _in_passage(5, ["two", "words"], [10, 20])
    21
    """
    for word, start in zip(words, starts, strict=True):
        if place < len(word):
            return start + place
        place -= len(word) + 1
    raise UserError(f"No character {place} after the words {words!r}.")


def joined_pieces(tokens: list[str]) -> str:
    """Return the words of some pieces.

    >>> joined_pieces(["##ing", "a", "film", "##s"])
    'ing a films'
    """
    text = " ".join(tokens).replace(f" {CONTINUATION}", "")
    return " ".join(text.replace(CONTINUATION, "").split())


def original_text(predicted: str, words: str, basic: BasicTokenizer) -> str:
    """Return the part of some words that a prediction stands for.

    >>> original_text("steve smith", "Steve   Smith's", BasicTokenizer())
    'Steve   Smith'
    """
    begin, end = original_place(predicted, words, basic)
    return words[begin:end]


def original_place(
    predicted: str, words: str, basic: BasicTokenizer
) -> tuple[int, int]:
    """Return where in some words that part begins, and where it has ended.

    Pieces lack the case, accents and spaces of the text they came from. The
    prediction is looked for in the tokenized words, and carried over to them
    by counting characters other than spaces. Where that does not work, it is
    all of the words.

    Args:
        predicted: str, text of pieces.
        words: str, of the passage.
        basic: `BasicTokenizer`, of the tokenizer that made the pieces.
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
