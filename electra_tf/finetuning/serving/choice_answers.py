"""A text and choices in, their probabilities out; no TensorFlow."""

import numpy as np

from electra_tf.finetuning.tasks.multiple_choice import choices


class ChoiceAnswers:
    """Makes the inputs of a row's choices, and says which is the likeliest.

    `text_pair` is a question that each choice fills or follows, see
    `choices.second_text`.
    """

    fields = ("text", "choices")
    optional = ("text_pair",)
    texts = ("text", "choices")

    def __init__(self, task, settings, tokenizer):
        self.task = task
        self.settings = settings
        self.tokenizer = tokenizer

    def inputs(self, row: dict) -> list[dict]:
        """Return an input for each choice: its input_ids and segment_ids."""
        most = self.settings.max_seq_length
        asked = row["text"], row.get("text_pair"), row["choices"]
        return choices.inputs_of(*asked, most, self.tokenizer)

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return the choice, which counts from 0, and all probabilities."""
        logits = np.array([output["logits"] for output in outputs])
        shares = choices.probabilities(logits)
        best = int(logits.argmax())
        return {
            "choice": best,
            "text": row["choices"][best],
            "probability": float(shares[best]),
            "probabilities": shares.tolist(),
            "cut": any(one["cut"] for one in inputs),
        }
