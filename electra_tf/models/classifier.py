"""A Keras model that classifies a text or a pair of texts."""

import keras
import numpy as np
from absl import logging

from electra_tf.errors import UserError, shown
from electra_tf.finetuning.finetuned_model import FinetunedTask
from electra_tf.finetuning.tasks.task import HeadSpec
from electra_tf.models.task_model import TaskModel
from electra_tf.models.tokenizer import arrays, width_of
from electra_tf.models.training import IGNORED, LabelAccuracy, label_loss


class Classifier(TaskModel):
    """Chooses a label for a text or a pair, any number of them, or a number.

    Args:
        encoder, tokenizer, max_length: of
            `electra_tf.models.encoder_model.EncoderModel`.
        num_labels: int.
        labels: names of the labels, instead of their number.
        kind: str, "classification", "multilabel" or "regression".

    Call arguments:
        inputs: see `EncoderModel`.

    Returns:
        Float32 logits `(batch, labels)`; for a regression the numbers,
        `(batch,)`.

    >>> classifier = Classifier.load("FOLDER", labels=["bad", "good"])
    >>> classifier.predict(["good", "a bad film"], verbose=0).shape
    (2, 2)
    >>> classifier.answers("good")[0]["label"] in ("bad", "good")
    True
    """

    KINDS = ("classification", "multilabel", "regression")
    TASK = "classification"

    def _new_task(self, kind, num_labels, labels) -> FinetunedTask:
        if kind != "regression":
            return super()._new_task(kind, num_labels, labels)
        if labels is not None or num_labels not in (None, 1):
            raise UserError(
                "A regression has no labels. Received: num_labels "
                f"{num_labels}, labels {labels}."
            )
        return FinetunedTask(
            self.TASK, HeadSpec("regression", 1), scale=(0.0, 1.0)
        )

    def _outputs(self, encoded, inputs, training):
        outputs = self._of_head(encoded, inputs, training)
        if self.task.head.kind != "regression":
            return outputs["logits"]
        low, high = self.task.scale or (0.0, 1.0)
        return low + outputs["predictions"] * (high - low)

    def _defaults(self) -> dict:
        kind = self.task.head.kind
        if kind == "regression":
            return {"loss": "mse", "metrics": ["mae"]}
        if kind == "multilabel":
            loss = keras.losses.BinaryCrossentropy(from_logits=True)
            name = "accuracy"
            metric = keras.metrics.BinaryAccuracy(name, threshold=0.0)
            return {"loss": loss, "metrics": [metric]}
        return {"loss": label_loss(), "metrics": [LabelAccuracy()]}

    def _features(self, texts, labels):
        answers = self._answers()
        rows = self._rows(texts, answers)
        inputs = [one for row in rows for one in answers.inputs(row)]
        cut = sum(one["cut"] for one in inputs)
        if cut:
            logging.warning(
                f"{cut} of {len(inputs)} texts had more than max_length "
                f"{self.max_length} tokens and lost their end."
            )
        width = width_of(inputs, self.max_length)
        return arrays(inputs, width), self._targets(labels)

    @property
    def _gives_logits(self) -> bool:
        return self.task.head.kind != "regression"

    def _targets(self, labels, inputs=None):
        """Return numbers for names; of sets of labels, rows of 0 and 1."""
        if labels is None:
            return None
        if self.task.head.kind == "regression":
            return _numbers(labels)
        if self.task.head.kind == "classification":
            return self._checked(self._numbers(labels), axes=1)
        # Rows of 0 and 1 for sets; of sets of numbers one is another such row.
        size = self.task.head.size
        if {np.shape(row) for row in labels} == {(size,)}:
            table = np.asarray(labels)
            if table.dtype.kind in "iubf" and np.isin(table, (0, 1)).all():
                return table.astype(np.float32)
        rows = np.zeros((len(labels), size), np.float32)
        for row, names in zip(rows, labels, strict=True):
            if not isinstance(names, list | tuple | np.ndarray):
                raise UserError(
                    "Labels of each text must be a list, or a row of 0 and 1. "
                    f"Received: {shown(names)}."
                )
            if len(names):
                numbers = self._checked(self._numbers(names), axes=1)
                if IGNORED in numbers:
                    raise UserError(
                        "Sets of labels have no label to leave out; give a "
                        f"text sample_weight 0. Received: {shown(names)}."
                    )
                row[numbers] = 1
        return rows

    def _class_weight(self, weights):
        if self.task.head.kind != "classification":
            return super()._class_weight(weights)
        numbers = self._checked([self._numbers(n) for n in weights], axes=1)
        return dict(zip(numbers.tolist(), weights.values(), strict=True))


def _numbers(labels) -> np.ndarray:
    try:
        numbers = np.asarray(labels, np.float32)
    except (TypeError, ValueError):
        numbers = np.full(1, np.nan)
    if numbers.ndim == 2 and numbers.shape[1] == 1:
        numbers = numbers[:, 0]
    if numbers.ndim != 1 or not np.isfinite(numbers).all():
        raise UserError(
            "A regression learns finite numbers, one a text. Received: "
            f"{shown(labels)}."
        )
    return numbers
