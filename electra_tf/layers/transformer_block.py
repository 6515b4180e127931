"""One post-norm transformer layer."""

import keras

from electra_tf.configs import EncoderConfig
from electra_tf.layers.activations import activation
from electra_tf.layers.attention import SelfAttention
from electra_tf.layers.dropout import Dropout
from electra_tf.layers.initialization import truncated_normal
from electra_tf.layers.normalization import layer_normalization


class TransformerBlock(keras.layers.Layer):
    """Self-attention and a feed-forward network, each with a residual.

    LayerNorm comes after each residual sum, as in BERT (post-norm).

    Args:
        config: `EncoderConfig`.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.
        visible: what `electra_tf.layers.attention.attention_mask` returns.
        random: `RandomStream` for dropout, or None.

    Returns:
        The new hidden states, `(batch, length, hidden_size)`, and the
        attention probabilities, `(batch, heads, length, length)`.
    """

    def __init__(self, config: EncoderConfig, name: str, **kwargs):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.attention = SelfAttention(config, dtype=self.dtype_policy)
        self.attention_output = self._dense(config.hidden_size)
        self.attention_normalization = self._normalization()
        self.attention_dropout = self._dropout("attention_dropout")
        self.intermediate = self._dense(
            config.intermediate_size, activation(config.hidden_act)
        )
        self.feed_forward_output = self._dense(config.hidden_size)
        self.output_normalization = self._normalization()
        self.output_dropout = self._dropout("output_dropout")

    def _dense(self, units: int, activation=None):
        return keras.layers.Dense(
            units,
            activation=activation,
            kernel_initializer=truncated_normal(self.config.initializer_range),
            name="dense",
            dtype=self.dtype_policy,
        )

    def _normalization(self):
        return layer_normalization(dtype=self.dtype_policy)

    def _dropout(self, name: str):
        return Dropout(
            self.config.hidden_dropout_prob, name=name, dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        """Create the weights, under the names of BERT's checkpoints."""
        hidden = (None, None, self.config.hidden_size)
        with keras.name_scope("attention"):
            self.attention.build(hidden)
            with keras.name_scope("output"):
                self.attention_output.build(hidden)
                self.attention_normalization.build(hidden)
        with keras.name_scope("intermediate"):
            self.intermediate.build(hidden)
        with keras.name_scope("output"):
            self.feed_forward_output.build(
                (None, None, self.config.intermediate_size)
            )
            self.output_normalization.build(hidden)

    def call(self, hidden, visible, random=None):
        """Attend, then transform each position by itself."""
        contexts, probabilities = self.attention(
            hidden, visible=visible, random=random
        )
        attended = self.attention_dropout(
            self.attention_output(contexts), random=random
        )
        hidden = self.attention_normalization(hidden + attended)
        transformed = self.output_dropout(
            self.feed_forward_output(self.intermediate(hidden)), random=random
        )
        return self.output_normalization(hidden + transformed), probabilities
