"""Heads of pre-training; `electra_tf.configs.objectives` has their costs."""

import keras
from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.layers.bert_conventions import dense, layer_normalization
from electra_tf.layers.configured_layer import ConfiguredLayer


class TokenPredictionHead(ConfiguredLayer):
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

    >>> head = TokenPredictionHead(EncoderConfig(
    ...     vocab_size=9, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4))
    >>> tuple(head(np.ones((1, 3, 8)), np.ones((9, 4))).shape)
    (1, 3, 9)
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
        self.dense = dense(self, config.embedding_size, config.hidden_act)
        self.normalization = layer_normalization(dtype=self.dtype_policy)

    def build(self, hidden_shape=None, word_embeddings_shape=None):
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
        bias = ops.cast(self.output_bias, "float32")
        return ops.cast(logits, "float32") + bias


class ReplacedTokenHead(ConfiguredLayer):
    """Scores for each token whether it was replaced.

    Args:
        config: `EncoderConfig` of the discriminator.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.

    Returns:
        Float32 logits `(batch, length)`; above zero means "replaced".

    >>> head = ReplacedTokenHead(EncoderConfig(
    ...     vocab_size=9, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4))
    >>> tuple(head(np.ones((1, 3, 8))).shape)
    (1, 3)
    """

    def __init__(
        self, config: EncoderConfig, name="discriminator_predictions", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.dense = dense(self, config.hidden_size, config.hidden_act)
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


class LinearHead(ConfiguredLayer):
    """Maps each token's vector to one number.

    Args:
        config: `EncoderConfig` of the encoder whose outputs come in.
        name: str, the first part of its variables' names.

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
