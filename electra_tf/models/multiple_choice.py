"""A Keras model that chooses among texts.

B questions, C choices, L length.
"""

import string
from collections.abc import Mapping

import keras
import numpy as np
from absl import logging
from keras import ops

from electra_tf.errors import UserError, shown
from electra_tf.finetuning.finetuned_model import FinetunedTask
from electra_tf.finetuning.heads import ABSENT
from electra_tf.finetuning.tasks.multiple_choice.choices import letters
from electra_tf.finetuning.tasks.task import HeadSpec
from electra_tf.models import given
from electra_tf.models.task_model import TaskModel
from electra_tf.models.tokenizer import arrays, width_of
from electra_tf.models.training import label_loss


class MultipleChoice(TaskModel):
    """Chooses which of some texts goes with another one, or answers it.

    Labels are numbers of the right choices, from 0, or letters, from A.
    Questions may differ in the number of their choices.

    Args:
        encoder, tokenizer, max_length: of
            `electra_tf.models.encoder_model.EncoderModel`.

    Call arguments:
        inputs: see `EncoderModel`; each `(batch, choices, length)`. A choice
            whose input_mask is all 0 is none.

    Returns:
        Float32 logits `(batch, choices)`.

    >>> chooser = MultipleChoice.load("FOLDER")
    >>> asked = [("what is good?", ["a good film", "the old"])]
    >>> _ = chooser.fit(asked, ["A"], verbose=0)
    >>> chooser.predict(asked, verbose=0).shape
    (1, 2)
    >>> chooser.answers(asked)[0]["text"] in ("a good film", "the old")
    True
    """

    KINDS = ("multiple_choice",)
    TASK = "multiple_choice"
    LABELS_APART = False
    AXES = 3

    def _new_task(self, kind, num_labels, labels) -> FinetunedTask:
        if num_labels is not None or labels is not None:
            raise UserError(
                "Choices come with each question; a model of them has no "
                f"labels. Received: num_labels {num_labels}, labels {labels}."
            )
        return FinetunedTask(self.TASK, HeadSpec(self.KINDS[0], 1))

    def call(self, inputs, training=None):
        """Score each choice by itself."""
        inputs = given.tensors(inputs, self.AXES)
        length = ops.shape(inputs["input_ids"])[-1]
        flat = {n: ops.reshape(v, (-1, length)) for n, v in inputs.items()}
        scores = super().call(flat, training)  # [B * C]
        is_there = ops.any(inputs["input_mask"] > 0, axis=-1)  # [B, C]
        scores = ops.reshape(scores, ops.shape(is_there))
        return ops.where(is_there, scores, ABSENT)

    def _outputs(self, encoded, inputs, training):
        return self._of_head(encoded, inputs, training)["logits"]

    def _defaults(self) -> dict:
        metric = keras.metrics.SparseCategoricalAccuracy("accuracy")
        return {"loss": label_loss(), "metrics": [metric]}

    def _parsed(self, texts, answers) -> list[dict]:
        """Return rows of texts and lists of choices, as `fit` takes them."""
        one = isinstance(texts, tuple | Mapping) and isinstance(
            (texts.get("text") if isinstance(texts, Mapping) else texts[0]), str
        )
        texts = [texts] if one else texts
        if not isinstance(texts, list):
            texts = given.rows(texts, answers.texts)
        rows = []
        for number, row in enumerate(texts):
            if not isinstance(row, Mapping):
                if not isinstance(row, list | tuple) or len(row) != len(
                    answers.texts
                ):
                    raise UserError(
                        "A row must be a text and its choices, in a tuple, or "
                        "a dict with text and choices. Received: "
                        f"{shown(row)} at place {number}."
                    )
                row = dict(zip(answers.texts, row, strict=True))
            rows.append(dict(row))
        return rows

    def _features(self, texts, labels):
        answers = self._answers()
        inputs = [answers.inputs(row) for row in self._rows(texts, answers)]
        cut = sum(any(one["cut"] for one in made) for made in inputs)
        if cut:
            logging.warning(
                f"{cut} of {len(inputs)} questions had choices of more than "
                f"max_length {self.max_length} tokens, which lost their end."
            )
        if labels is not None and len(labels) != len(inputs):
            raise UserError(
                "There must be a label for each question. Received: "
                f"{len(inputs)} questions and {len(labels)} labels."
            )
        most = max(map(len, inputs), default=1)
        none: dict[str, list] = {"input_ids": [], "segment_ids": []}
        flat = [
            c for made in inputs for c in made + [none] * (most - len(made))
        ]
        width = width_of(flat, self.max_length)
        made = {
            name: values.reshape(len(inputs), most, width)
            for name, values in arrays(flat, width).items()
        }
        if labels is None:
            return made, None
        return made, self._of_choices(labels, np.array([*map(len, inputs)]))

    def _targets(self, labels, inputs=None):
        """Return the numbers of labels beside ids."""
        if labels is None:
            return None
        mask = inputs.get("input_mask", np.ones_like(inputs["input_ids"]))
        return self._of_choices(labels, np.any(mask > 0, axis=-1).sum(-1))

    def _of_choices(self, labels, counts) -> np.ndarray:
        """Return numbers for numbers and letters, after checks."""
        names = letters(len(string.ascii_uppercase))
        found = given.whole_numbers(
            [
                names.index(label.upper())
                if isinstance(label, str) and label.upper() in names
                else label
                for label in labels
            ],
            axes=1,
        )
        if (
            found is None
            or len(found) != len(counts)
            or not np.all((found >= 0) & (found < counts))
        ):
            raise UserError(
                "Labels must be letters, or whole numbers from 0, of choices "
                f"that are there. Received: {shown(list(labels))}."
            )
        return found.astype(np.int32)
