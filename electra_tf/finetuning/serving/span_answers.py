"""Questions about passages in, answers and their places out.

No TensorFlow.
"""

from electra_tf.finetuning.tasks.question_answering.passages import (
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.question_answering.span_decoding import Decoder
from electra_tf.finetuning.tasks.question_answering.windows import Windows


class SpanAnswers:
    """Makes the windows of a passage, and chooses the answer.

    Args:
        task: `TunedTask`.
        settings: `InputSettings`.
        tokenizer: `electra_tf.text.tokenization.Tokenizer`.
    """

    fields = ("question", "context")
    optional = ()
    texts = ("question", "context")

    def __init__(self, task, settings, tokenizer):
        self.task = task
        self.settings = settings
        self.windows = Windows(
            tokenizer,
            settings.max_seq_length,
            settings.max_query_length,
            settings.doc_stride,
        )
        self.decode = Decoder(tokenizer, settings)

    def inputs(self, row: dict) -> list[dict]:
        """Return the windows of a row; each holds its `Window` too.

        Raises:
            DataError: when there are too many.
        """
        return [
            {
                "input_ids": window.input_ids,
                "segment_ids": [0] * window.offset
                + [1] * (len(window.input_ids) - window.offset),
                "window": window,
            }
            for window in self.windows(_question(row))
        ]

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return the answer, from all windows and their outputs.

        `answer` is None where there is none. Places count characters of the
        context. The higher `null_odds`, the less likely is an answer.
        """
        windows = [made["window"] for made in inputs]
        found = self.decode(_question(row), windows, outputs)
        unanswerable = (
            self.task.has_null_answers
            and found.null_odds > self.settings.qa_na_threshold
        )
        nothing = unanswerable or found.begin < 0
        begin, end = found.begin, found.end
        return {
            "answer": None if nothing else row["context"][begin:end],
            "begin": None if nothing else begin,
            "end": None if nothing else end,
            "score": found.score,
            "null_odds": found.null_odds,
        }


def _question(row: dict) -> Question:
    return Question(0, "", row["question"], Passage(row["context"]), [])
