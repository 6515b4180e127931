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
            self.hidden = keras.layers.Dense(
                self.hidden_size,
                activation("gelu"),
                name="hidden",
                dtype=self.dtype_policy,
            )

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
        label_ids = ops.max(ops.one_hot(numbers, size + 1), axis=1)[:, 1:]
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
    "tagging": TaggingHead,
    "joint_question_answering": JointSpanHead,
    "independent_question_answering": IndependentSpanHead,
}
