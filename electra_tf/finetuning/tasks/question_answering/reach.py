"""Which answers a model that is always right would give; why not the others."""

import collections
import types
from collections.abc import Iterable

from electra_tf.finetuning.tasks.question_answering import answer_metrics
from electra_tf.finetuning.tasks.question_answering.passages import Question
from electra_tf.finetuning.tasks.question_answering.span_decoding import Decoder
from electra_tf.finetuning.tasks.question_answering.windows import Windows

EXACT = "exact"
WITHOUT_PIECES = "of no word piece"
TOO_LONG = "of more word pieces than max_answer_length"
NO_WINDOW = "in no window as a whole"
BORDER = "not on the borders of word pieces"


class Reach:
    """Learns an answer and reads it back, as a perfect model would.

    Args:
        windows: `Windows`.
        settings: a `FinetuningConfig` or `InputSettings`.
        scoring: str, the rules by which answers are equal, see
            `answer_metrics.raw_scores`.
    """

    def __init__(
        self, windows: Windows, settings, scoring: str = answer_metrics.SQUAD
    ):
        self.windows = windows
        self.most = settings.max_answer_length
        self.scoring = scoring
        # Which of the heads gives the outputs makes no difference.
        self._decode = Decoder(
            windows.places,
            types.SimpleNamespace(
                joint_prediction=True,
                answerable_classifier=True,
                max_answer_length=self.most,
            ),
        )

    def __call__(self, question: Question) -> tuple[str, str]:
        """Return what becomes of the answer to learn, and what is read back."""
        label = self.windows.places.label(question)
        if label is None:
            return WITHOUT_PIECES, ""
        if label.length > self.most:
            return TOO_LONG, ""
        windows = self.windows(question)
        # What the joint head gives where it is sure of the label.
        outputs = [
            {
                "start_top_index": [window.start],
                "start_top_log_probs": [0.0],
                "end_top_index": [[window.end]],
                "end_top_log_probs": [[0.0]],
                "answerable_logit": 0.0,
            }
            for window in windows
        ]
        answer = self._decode(question, windows, outputs)
        if answer.begin < 0:
            return NO_WINDOW, ""
        is_same = (
            answer.text == question.answer
            or answer_metrics.raw_scores(
                {"": [question.answer]}, {"": answer.text}, self.scoring
            )[0][""]
        )
        return EXACT if is_same else BORDER, answer.text


def described(outcomes: Iterable[str]) -> str:
    """Say how many answers can be predicted, and why not the others.

    >>> described([EXACT, EXACT, BORDER, TOO_LONG, EXACT])
    '60.0% of 5 answers can be predicted exactly; 1 not on the borders of \
word pieces, 1 of more word pieces than max_answer_length'
    """
    counts = collections.Counter(outcomes)
    total = counts.total()
    share = counts.pop(EXACT, 0) / max(total, 1)
    reasons = ", ".join(f"{n} {reason}" for reason, n in counts.most_common())
    begins = f"{share:.1%} of {total} answers can be predicted exactly"
    return f"{begins}; {reasons}" if reasons else begins
