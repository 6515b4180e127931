"""Base of the Keras models: an encoder, a head, and texts as inputs.

B batch, L length.
"""

import abc
import os
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from electra_tf.configs import EncoderConfig
from electra_tf.conversion.model import Model
from electra_tf.encoder import Encoder, EncoderOutput
from electra_tf.errors import UserError, shown
from electra_tf.layers.configured_layer import (
    CHANGES,
    PACKAGE,
    change,
    changes,
    freeze_inside,
)
from electra_tf.models import given
from electra_tf.models.tokenizer import Tokenizer
from electra_tf.models.trained_model import TrainedModel
from electra_tf.models.training import SETTINGS
from electra_tf.text import unknown
from electra_tf.weights import assign


class EncoderModel(TrainedModel):
    """An encoder with a head; its methods take texts, too, with a tokenizer.

    It is compiled when it is made: with Keras' AdamW, a constant learning rate
    of 1e-4, and the loss and metrics of its task. `compile` changes that.

    Args:
        encoder: `electra_tf.EncoderConfig`, its values in a dict, or an
            `electra_tf.Encoder`, which is shared.
        tokenizer: `electra_tf.Tokenizer` for texts, or its config in a dict,
            or None.
        max_length: int, tokens that a text may have, special ones included;
            by default 256, or the encoder's positions if they are fewer.

    Call arguments:
        inputs: dict with `input_ids`, int `(B, L)`, and perhaps `input_mask`
            (1 for tokens) and `segment_ids`; the names of KerasHub and
            transformers will do. Or `input_ids` alone.
        training: bool, whether there is dropout.
    """

    _usual_length = SETTINGS.max_seq_length
    LABELS_APART = True  # Whether labels can be made without the texts.
    AXES = 2  # Of the three inputs.

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(PACKAGE)(cls)

    def __init__(
        self,
        encoder: Encoder | EncoderConfig | Mapping[str, Any],
        tokenizer: Tokenizer | Mapping[str, Any] | None = None,
        max_length: int | None = None,
        name: str | None = None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        if isinstance(encoder, Mapping):
            encoder = _revived(encoder)
        if isinstance(encoder, EncoderConfig):
            encoder = Encoder(encoder, dtype=self.dtype_policy)
        if not isinstance(encoder, Encoder):
            raise UserError(
                "encoder must be an electra_tf.EncoderConfig or an "
                f"electra_tf.Encoder. Received: {encoder!r}."
            )
        if not encoder.built:
            encoder.build()
        self.encoder = encoder
        most = encoder.config.max_position_embeddings
        if max_length is not None and not (
            isinstance(max_length, int | np.integer) and 3 < max_length <= most
        ):
            raise UserError(
                f"max_length must be more than 3, and at most the {most} "
                f"positions of the encoder. Received: {max_length!r}."
            )
        self.max_length = max_length or min(self._usual_length, most)
        if isinstance(tokenizer, Mapping):
            tokenizer = Tokenizer.from_config(tokenizer)
        self.tokenizer: Tokenizer | None = tokenizer
        self.head = self._new_head()
        self.built = True
        freeze_inside(self)
        self.compile()

    @abc.abstractmethod
    def _new_head(self) -> keras.layers.Layer:
        """Return the head with its weights."""

    @abc.abstractmethod
    def _outputs(self, encoded: EncoderOutput, inputs: dict, training: bool):
        """Return the outputs of the head."""

    @abc.abstractmethod
    def _features(self, texts, labels) -> tuple[Any, Any]:
        """Return inputs of texts and, where labels are given, targets."""

    def _targets(self, labels, inputs=None):
        """Return targets of labels that were given beside ids, `inputs`."""
        return labels

    def call(self, inputs, training=None):
        """Encode, and apply the head."""
        inputs = given.tensors(inputs)
        encoded = self.encoder(
            inputs["input_ids"],
            input_mask=inputs["input_mask"],
            segment_ids=inputs["segment_ids"],
            training=training,
        )
        return self._outputs(encoded, inputs, training)

    def prepared(self, x, y=None) -> tuple[Any, Any]:
        """Return inputs and targets as `keras.Model.fit` takes them.

        Args:
            x, y: as of `fit`. Of texts this makes padded arrays, once and for
                all; of a `tf.data.Dataset` of texts, another dataset.

        Raises:
            UserError: for texts without a tokenizer, or what is no input.
        """
        if isinstance(x, tf.data.Dataset):
            return self._prepared_dataset(x), y
        if not given.is_whole(x):
            return x, y  # A generator or the like, of batches of arrays.
        x = given.listed(given.table(x))
        if isinstance(x, list | tuple) and not len(x):
            raise UserError("There must be a text at least. Received: none.")
        if given.is_text(x):
            tokenizer = self._reader()
            labels = None if y is None else given.listed(y)
            features, targets = self._features(x, labels)
            counts = unknown.counts_of(features["input_ids"], tokenizer)
            if many := unknown.many_unknown(counts, tokenizer):
                logging.warning(many)
            return features, targets
        x = given.arrays(x, self.AXES, self.encoder.config)
        return x, self._targets(given.listed(y), x)

    def _reader(self) -> Tokenizer:
        """Return the tokenizer, for texts."""
        if self.tokenizer is None:
            raise UserError(
                f"Texts need a tokenizer: {type(self).__name__}.load gives the "
                "model its own, or make the model with tokenizer=, or give "
                "input_ids."
            )
        if not isinstance(self.tokenizer, Tokenizer):
            raise UserError(
                "tokenizer must be an electra_tf.Tokenizer. Received: "
                f"{shown(self.tokenizer)}. electra_tf.Tokenizer(vocab_file) "
                "makes one."
            )
        size, rows = self.tokenizer.vocab_size, self.encoder.config.vocab_size
        if size > rows:
            raise UserError(
                f"The tokenizer has {size} tokens, the encoder's vocab_size "
                f"is {rows}. Give the vocabulary that the encoder was made for."
            )
        return self.tokenizer

    def _prepared_dataset(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Return a dataset of ids for one of batches of texts."""
        spec = dataset.element_spec
        parts = spec if isinstance(spec, tuple) else (spec,)
        if all(part.dtype != tf.string for part in tf.nest.flatten(spec)):
            return dataset
        texts = parts[0] if isinstance(parts[0], tuple) else (parts[0],)
        if not (
            all(isinstance(part, tf.TensorSpec) for part in texts)
            and all(part.dtype == tf.string for part in texts)
            and all(part.shape.rank == 1 for part in texts)
            and (self.LABELS_APART or len(parts) == 1)
            and self.AXES == 2  # No column of texts has choices.
        ):
            raise UserError(
                f"A dataset of {type(self).__name__} must have batches of ids, "
                "or of texts, or of a tuple of two, with labels "
                f"{'beside' if self.LABELS_APART else 'only beside ids'}. "
                f"Received: {spec}. model.prepared(texts, labels) makes ids."
            )
        watch = unknown.Watch(self._reader())

        def ids(*columns: np.ndarray) -> list[np.ndarray]:
            """Return the three inputs of columns of bytes."""
            texts = tuple(map(given.listed, columns))
            made = self._features(texts if len(texts) > 1 else texts[0], None)
            if many := watch.add(made[0]["input_ids"]):
                logging.warning(many)
            return [made[0][name] for name in given.INPUTS]

        def mapped(texts, *rest):
            columns = tf.nest.flatten(texts)
            kinds = [tf.int32] * len(given.INPUTS)
            found = tf.numpy_function(ids, columns, kinds)
            for values in found:
                axes = (None,) * (self.AXES - 1)
                values.set_shape((columns[0].shape[0], *axes))
            if rest and rest[0].dtype == tf.string:
                shape, kind = rest[0].shape, self._label_type()
                labels = tf.numpy_function(self._of_bytes, rest[:1], kind)
                rest = (tf.ensure_shape(labels, shape), *rest[1:])
            inputs = dict(zip(given.INPUTS, found, strict=True))
            return (inputs, *rest)

        return dataset.map(mapped)

    def _of_bytes(self, labels: np.ndarray) -> np.ndarray:
        kind = self._label_type().as_numpy_dtype
        return np.asarray(self._targets(given.listed(labels)), kind)

    def _label_type(self) -> tf.DType:
        return tf.int32 if self._learns_numbers else tf.float32

    def export(self, filepath, format="tf_saved_model", **kwargs):
        """Write a SavedModel, or what else Keras exports, for three int inputs.

        Args:
            filepath: str, of the folder or file.
            format: str, of `keras.Model.export`.
            **kwargs: of `keras.Model.export`; `input_signature` by default
                has batches of any size and length.
        """
        shape = (None,) * self.AXES
        signature = {
            name: keras.InputSpec(shape=shape, dtype="int32", ndim=self.AXES)
            for name in given.INPUTS
        }
        kwargs.setdefault("input_signature", [signature])
        super().export(filepath, format=format, **kwargs)
        if format == "onnx":
            _check_onnx(filepath)

    @property
    def variables_by_path(self) -> dict[str, keras.Variable]:
        """The weights under the names that checkpoints have."""
        layers = (self.encoder, self.head)
        return {w.path: w for layer in layers for w in layer.weights}

    def _assign(self, model: Model, new_head: bool) -> None:
        """Take over a model's weights; a new head keeps its own."""
        own = {weight.path for weight in self.head.weights}
        assign(
            self.variables_by_path,
            model.variables,
            required=lambda path: not (new_head and path in own),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this model."""
        known = self.tokenizer is not None
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "tokenizer": self._reader().get_config() if known else None,
            "max_length": self.max_length,
            **changes(self),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "EncoderModel":
        """Return the model that `get_config` tells of."""
        policy = keras.saving.deserialize_keras_object(config["dtype"])
        rest = {n: v for n, v in config.items() if n not in CHANGES}
        return change(cls(**{**rest, "dtype": policy}), config)


def _revived(encoder: Mapping[str, Any]) -> Encoder | EncoderConfig:
    """Return the encoder of a file; files of before have its config alone."""
    if "class_name" in encoder:
        return keras.saving.deserialize_keras_object(encoder)
    return EncoderConfig(**encoder)


def _check_onnx(path: str) -> None:
    """Remove a file with what ONNX does not have, and say so."""
    import onnx

    try:
        onnx.checker.check_model(path)
    except onnx.checker.ValidationError as error:
        os.remove(path)
        raise UserError(
            "Keras' export to ONNX cannot write this model: "
            f"{str(error).splitlines()[0]}. Write a folder by electra_tf.save, "
            "and let python -m electra_tf.finetuning.export make ONNX of it."
        ) from error
