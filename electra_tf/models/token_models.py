"""Keras models of pre-training's two networks: one predicts, one detects."""

import abc
import sys
from typing import Any

import keras
import numpy as np

from electra_tf.conversion import formats, selection
from electra_tf.conversion.model import (
    DISCRIMINATOR_HEAD,
    GENERATOR_HEAD,
    Model,
)
from electra_tf.errors import UserError, shown
from electra_tf.layers.heads import ReplacedTokenHead, TokenPredictionHead
from electra_tf.models.encoder_model import EncoderModel
from electra_tf.models.tokenizer import Tokenizer
from electra_tf.models.training import (
    IGNORED,
    DetectionAccuracy,
    DetectionLoss,
    LabelAccuracy,
    are_labels,
    label_loss,
)


class TokenModel(EncoderModel):
    """Base of the models that say something of every token.

    Args:
        encoder, tokenizer, max_length: of `EncoderModel`.
    """

    HEAD = ""  # The name of the head in checkpoints.
    LAYER: type[keras.layers.Layer]  # Its class.
    LABEL_AXES = 2

    @staticmethod
    @abc.abstractmethod
    def _part(model: Model) -> Model:
        """Return the encoder and the head of a pre-trained model."""

    def _new_head(self):
        head = self.LAYER(self.encoder.config, dtype=self.dtype_policy)
        head.build()
        return head

    @classmethod
    def load(cls, folder: str, dtype: Any = None, **kwargs):
        """Return the model of a folder; a head that it lacks is new.

        Args:
            folder: what `python -m electra_tf.conversion.convert` reads.
            dtype: Keras' policy, such as "mixed_bfloat16".
            **kwargs: other arguments of the class.

        Raises:
            FileNotFoundError: when no model is there.
            UserError: when its weights do not fit its config.
        """
        model = formats.read(folder)
        known = cls.HEAD in model.config.parts
        if known:
            model = cls._part(model)
        tokenizer = None
        if model.vocab is not None:
            tokenizer = Tokenizer.of_model(model, folder)
        arguments = {"tokenizer": tokenizer, "dtype": dtype, **kwargs}
        made = cls(model.config.encoder, **arguments)
        made._assign(model, new_head=not known)
        if not known:
            print(
                f"{cls.__name__}: the head is new, {folder} has no {cls.HEAD}.",
                file=sys.stderr,
            )
        return made

    @property
    def _label_count(self) -> int:
        """How many labels a token may have."""
        return self.encoder.config.vocab_size

    def _targets(self, labels, inputs=None):
        if labels is None:
            return None
        count = self._label_count
        shape = np.shape(inputs["input_ids"])
        try:
            found = np.asarray(labels)
            fits = are_labels(found, count)
        except (TypeError, ValueError):
            fits = False
        if not fits or found.shape != shape:
            raise UserError(
                f"Labels of {type(self).__name__} must be whole numbers from 0 "
                f"to {count - 1}, or {IGNORED} for none, one for each of the "
                f"input_ids. Received: {shown(labels)}."
            )
        return found.astype(np.int32)

    def _features(self, texts, labels):
        if labels is not None or not (
            isinstance(texts, str)
            or (
                isinstance(texts, list | tuple)
                and all(isinstance(text, str) for text in texts)
            )
        ):
            raise UserError(
                f"{type(self).__name__} reads a text or a list of texts "
                "without labels. To train it give ids and labels of every "
                "token, or train both networks by electra_tf.Pretraining."
            )
        texts = [texts] if isinstance(texts, str) else list(texts)
        made = self._reader()(texts, max_length=self.max_length, masks=True)
        return made, None


class MaskedLM(TokenModel):
    """Says for each token which ones are likely there; ELECTRA's generator.

    Labels are the right ids, int `(batch, length)`, -100 where there is
    nothing to learn. In texts [MASK] stands for a hidden token.

    Args:
        encoder, tokenizer, max_length: of
            `electra_tf.models.encoder_model.EncoderModel`.

    Call arguments:
        inputs: see `EncoderModel`.

    Returns:
        Float32 logits `(batch, length, vocabulary)`.

    >>> masked_lm = MaskedLM.load("FOLDER", max_length=16)
    >>> logits = masked_lm.predict(["a [MASK] film"], verbose=0)
    >>> logits.shape == (1, 16, masked_lm.encoder.config.vocab_size)
    True
    """

    HEAD = GENERATOR_HEAD
    LAYER = TokenPredictionHead

    @staticmethod
    def _part(model: Model) -> Model:
        return selection.generator(model)

    def _outputs(self, encoded, inputs, training):
        table = self.encoder.embeddings.word_embeddings
        return self.head(encoded.sequence_output, table)

    def _defaults(self) -> dict:
        return {"loss": label_loss(), "metrics": [LabelAccuracy()]}


class Discriminator(TokenModel):
    """Says for each token whether it was replaced; above 0 is "yes".

    Labels are 1 for replaced tokens, else 0, `(batch, length)`, -100 where
    there is nothing to learn, as at padding; or give `sample_weight` of that
    shape, such as the mask.

    Args:
        encoder, tokenizer, max_length: of
            `electra_tf.models.encoder_model.EncoderModel`.

    Call arguments:
        inputs: see `EncoderModel`.

    Returns:
        Float32 logits `(batch, length)`.

    >>> discriminator = Discriminator.load("FOLDER", max_length=16)
    >>> discriminator.predict(["a good film"], verbose=0).shape
    (1, 16)
    """

    HEAD = DISCRIMINATOR_HEAD
    LAYER = ReplacedTokenHead

    @staticmethod
    def _part(model: Model) -> Model:
        return selection.encoder_with(model, DISCRIMINATOR_HEAD)

    def _outputs(self, encoded, inputs, training):
        return self.head(encoded.sequence_output)

    def _defaults(self) -> dict:
        return {
            "loss": DetectionLoss(),
            "weighted_metrics": [DetectionAccuracy()],
            "metrics": None,
        }

    @property
    def _label_count(self) -> int:
        return 2
