"""Heads of pre-training: tokens, replaced tokens, one number a token."""

import keras
from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.layers.activations import activation
from electra_tf.layers.initialization import truncated_normal
from electra_tf.layers.normalization import layer_normalization


class TokenPredictionHead(keras.layers.Layer):
    """Scores every token of the vocabulary, with a tied output matrix.

    Dense layer to the embedding size, activation, LayerNorm, then a product
    with the token embeddings and a bias (BERT's masked-language-model head).

    Args:
        config: `EncoderConfig` of the encoder whose outputs come in.
        input_size: int, size of those outputs; hidden_size by default, twice
            that for two towers.

    Call arguments:
        hidden: float tensor `(..., input_size)`.
        word_embeddings: `(vocab_size, embedding_size)`, the tied matrix.

    Returns:
        Float32 logits `(..., vocab_size)`.
    """

    def __init__(
        self,
        config: EncoderConfig,
        input_size: int | None = None,
        name="generator_predictions",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.input_size = input_size or config.hidden_size
        self.dense = keras.layers.Dense(
            config.embedding_size,
            activation=activation(config.hidden_act),
            kernel_initializer=truncated_normal(config.initializer_range),
            name="dense",
            dtype=self.dtype_policy,
        )
        self.normalization = layer_normalization(dtype=self.dtype_policy)

    def build(self, input_shape=None):
        """Create the transformation and the bias of the output layer."""
        self.dense.build((None, self.input_size))
        self.normalization.build((None, self.config.embedding_size))
        self.output_bias = self.add_weight(
            name="output_bias",
            shape=(self.config.vocab_size,),
            initializer="zeros",
        )

    def call(self, hidden, word_embeddings):
        """Transform, then compare with every token's embedding."""
        transformed = self.normalization(self.dense(hidden))
        table = ops.cast(word_embeddings, transformed.dtype)
        logits = ops.matmul(transformed, ops.transpose(table))
        return ops.cast(logits, "float32") + ops.cast(
            self.output_bias, "float32"
        )


class ReplacedTokenHead(keras.layers.Layer):
    """Scores for each token whether it was replaced.

    Args:
        config: `EncoderConfig` of the discriminator.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.

    Returns:
        Float32 logits `(batch, length)`; above zero means "replaced".
    """

    def __init__(
        self,
        config: EncoderConfig,
        name="discriminator_predictions",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.dense = keras.layers.Dense(
            config.hidden_size,
            activation=activation(config.hidden_act),
            kernel_initializer=truncated_normal(config.initializer_range),
            name="dense",
            dtype=self.dtype_policy,
        )
        # The released code gives this layer no initializer, so it starts
        # from TensorFlow 1's default, Glorot's uniform one.
        self.logit = keras.layers.Dense(
            1, name="dense_1", dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        """Create the two layers."""
        hidden = (None, None, self.config.hidden_size)
        self.dense.build(hidden)
        self.logit.build(hidden)

    def call(self, hidden):
        """Classify each position."""
        logits = ops.squeeze(self.logit(self.dense(hidden)), -1)
        return ops.cast(logits, "float32")


class LinearHead(keras.layers.Layer):
    """One number for each token, by a linear layer.

    Args:
        config: `EncoderConfig` of the encoder whose outputs come in.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.

    Returns:
        Float32 `(batch, length)`.
    """

    def __init__(self, config: EncoderConfig, name: str, **kwargs):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.dense = keras.layers.Dense(
            1, name="dense", dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        """Create the layer."""
        self.dense.build((None, None, self.config.hidden_size))

    def call(self, hidden):
        """Score each position."""
        return ops.cast(ops.squeeze(self.dense(hidden), -1), "float32")
