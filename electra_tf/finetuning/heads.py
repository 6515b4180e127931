"""Heads: what tasks put on the encoder.

A head is a Keras layer that is called with the encoder's output, the features
of a batch, a `RandomStream` or None, and whether it trains. It returns a dict
of tensors `(B, ...)`: `loss` of each example, its predictions and what they
are compared with.

B batch, C labels, L length, W words, H hidden.
"""

import keras
from keras import ops

from electra_tf.finetuning.span_heads import IndependentSpanHead, JointSpanHead
from electra_tf.layers.bert_conventions import activation
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.layers.dropout import Dropout

# Of the vector that a sentence is classified by; fixed in the released code.
DROPOUT_RATE = 0.1
ABSENT = -1e9  # Logit of a choice that is not there.


class DenseHead(ConfiguredLayer):
    """A linear layer on some of the encoder's vectors; has its task's name."""

    def __init__(self, size: int, hidden_size: int, name: str, **kwargs):
        # Targets and masks come in as they are, float32.
        super().__init__(name=name, autocast=False, **kwargs)
        self.size = size
        self.hidden_size = hidden_size
        # No initializer in the released code: Glorot's uniform default.
        self.dense = keras.layers.Dense(
            size, name="dense", dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        """Create the linear layer."""
        self.dense.build((None, self.hidden_size))

    def project(self, vectors):
        """Return float32 `(..., size)` of vectors `(..., H)`."""
        return ops.cast(self.dense(vectors), "float32")


class SentenceHead(DenseHead):
    """A linear layer on the first token's vector, after dropout.

    Args:
        has_hidden_layer: bool, whether another layer and GELU come first, as
            in transformers.
    """

    def __init__(self, *args, has_hidden_layer: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.has_hidden_layer = has_hidden_layer
        self.dropout = Dropout(DROPOUT_RATE, dtype=self.dtype_policy)
        self.hidden = None
        if has_hidden_layer:
            self.hidden = _hidden_layer(self)

    def build(self, input_shape=None):
        """Create the layers."""
        super().build()
        if self.hidden is not None:
            self.hidden.build((None, self.hidden_size))

    def call(self, encoded, features, random=None, training=False):
        """Return the outputs of the head, and the numbers of the examples."""
        source = {"random": random, "training": training}
        vectors = self.dropout(encoded.pooled_output, **source)  # [B, H]
        if self.hidden is not None:
            vectors = self.dropout(self.hidden(vectors), **source)
        outputs = self.outputs(self.project(vectors), features)
        return {**outputs, "eid": features[f"{self.name}_eid"]}


class ClassificationHead(SentenceHead):
    """Chooses a label; the loss is the cross entropy."""

    def outputs(self, logits, features):
        """Return loss, logits `(B, C)`, predictions and label_ids."""
        return _label_outputs(logits, features[f"{self.name}_label_ids"])


class MultilabelHead(SentenceHead):
    """Says yes or no to each label; the loss is their mean cross entropy."""

    def outputs(self, logits, features):
        """Return loss; logits, predictions and label_ids `(B, C)`."""
        # Lists of label numbers from 1, padded with 0.
        numbers = features[f"{self.name}_label_numbers"]
        size = logits.shape[-1]
        given = ops.one_hot(numbers, size + 1, dtype="float32")
        label_ids = ops.max(given, axis=1)[:, 1:]
        losses = ops.binary_crossentropy(label_ids, logits, from_logits=True)
        return {
            "loss": ops.mean(losses, axis=-1),
            "logits": logits,
            "predictions": ops.cast(logits > 0, "int32"),
            "label_ids": ops.cast(label_ids, "int32"),
        }


class RegressionHead(SentenceHead):
    """Predicts a number; the loss is the squared error."""

    def outputs(self, numbers, features):
        """Return loss, predictions and targets `(B,)`."""
        predictions = ops.squeeze(numbers, -1)
        targets = features[f"{self.name}_targets"]
        return {
            "loss": ops.square(predictions - targets),
            "predictions": predictions,
            "targets": targets,
        }


class ChoiceHead(DenseHead):
    """Scores an input by its first token's vector; a question has several.

    The layers are those of transformers' ElectraForMultipleChoice. The loss of
    a question, the cross entropy over its choices, stands at the right one.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.dropout = Dropout(DROPOUT_RATE, dtype=self.dtype_policy)
        self.hidden = _hidden_layer(self)

    def build(self, input_shape=None):
        """Create the layers."""
        super().build()
        self.hidden.build((None, self.hidden_size))

    def call(self, encoded, features, random=None, training=False):
        """Return loss and logits `(B,)`, and of which choices they are."""
        vectors = self.hidden(encoded.pooled_output)  # [B, H]
        vectors = self.dropout(vectors, random=random, training=training)
        logits = ops.squeeze(self.project(vectors), -1)
        # Choices count from 1; what is no choice has 0.
        eid, choice, label = (
            features[f"{self.name}_{part}"]
            for part in ("eid", "choice", "label_ids")
        )
        together = ops.equal(eid[:, None], eid[None]) & (choice > 0)[None]
        others = ops.where(together, logits[None], ABSENT)  # [B, B]
        losses = ops.logsumexp(others, axis=1) - logits
        is_right = ops.equal(choice, label) & (choice > 0)
        return {
            "loss": ops.where(is_right, losses, ops.zeros_like(losses)),
            "logits": logits,
            "choice": choice,
            "label_ids": label,
            "eid": eid,
        }


def _hidden_layer(head: DenseHead) -> keras.layers.Layer:
    return keras.layers.Dense(
        head.hidden_size,
        activation("gelu"),
        name="hidden",
        dtype=head.dtype_policy,
    )


class TaggingHead(DenseHead):
    """Chooses a label for each word, by the vector of its first piece."""

    def call(self, encoded, features, random=None, training=False):
        """Return loss, logits `(B, W, C)`, predictions and label_ids."""
        positions = features[f"{self.name}_labeled_positions"]  # [B, W]
        positions = ops.expand_dims(positions, -1)
        logits = self.project(
            ops.take_along_axis(encoded.sequence_output, positions, axis=1)
        )
        outputs = _label_outputs(logits, features[f"{self.name}_labels"])
        mask = features[f"{self.name}_labels_mask"]
        return {
            **outputs,
            "loss": ops.sum(outputs["loss"] * mask, axis=-1),
            "labels_mask": mask,
            "eid": features[f"{self.name}_eid"],
        }


def _label_outputs(logits, label_ids) -> dict:
    """Return the outputs of a choice of one label by logits `(..., C)`."""
    return {
        "loss": ops.sparse_categorical_crossentropy(
            label_ids, logits, from_logits=True
        ),
        "logits": logits,
        "predictions": ops.cast(ops.argmax(logits, axis=-1), "int32"),
        "label_ids": label_ids,
    }


HEADS = {
    "classification": ClassificationHead,
    "multilabel": MultilabelHead,
    "regression": RegressionHead,
    "multiple_choice": ChoiceHead,
    "tagging": TaggingHead,
    "joint_question_answering": JointSpanHead,
    "independent_question_answering": IndependentSpanHead,
}
