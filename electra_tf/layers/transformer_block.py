"""One post-norm transformer layer."""

import keras

from electra_tf.configs import EncoderConfig
from electra_tf.layers.attention import SelfAttention
from electra_tf.layers.bert_conventions import dense, layer_normalization
from electra_tf.layers.dropout import Dropout


class TransformerBlock(keras.layers.Layer):
    """Self-attention and a feed-forward network, each with a residual.

    LayerNorm comes after each residual sum, as in BERT (post-norm).

    Args:
        config: `EncoderConfig`; all but the sizes of vocabulary, positions
            and embeddings are used.
        name: str, `layer_<index>` in the original's checkpoints.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.
        attention_mask: int tensor `(batch, 1 or length, length)`, see
            `electra_tf.layers.attention.compute_attention_mask`.
        random: `RandomStream` for dropout, or None.
        output_attentions: bool, whether to return attention probabilities.

    Returns:
        The new hidden states, `(batch, length, hidden_size)`, and the
        attention probabilities as `SelfAttention` returns them.

    >>> block = TransformerBlock(EncoderConfig(
    ...     vocab_size=9, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4),
    ...     name="layer_0")
    >>> hidden, _ = block(np.ones((1, 3, 8)), np.ones((1, 1, 3)))
    >>> tuple(hidden.shape)
    (1, 3, 8)
    """

    def __init__(self, config: EncoderConfig, name: str, **kwargs):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.attention = SelfAttention(config, dtype=self.dtype_policy)
        policy = {"dtype": self.dtype_policy}
        self.attention_output = dense(self, config.hidden_size)
        self.attention_normalization = layer_normalization(**policy)
        rate = config.hidden_dropout_prob
        self.attention_dropout = Dropout(rate, "attention_dropout", **policy)
        self.intermediate = dense(
            self, config.intermediate_size, config.hidden_act
        )
        self.feed_forward_output = dense(self, config.hidden_size)
        self.output_normalization = layer_normalization(**policy)
        self.output_dropout = Dropout(rate, "output_dropout", **policy)

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

    def call(
        self, hidden, attention_mask, random=None, output_attentions=False
    ):
        """Attend, then transform each position by itself."""
        contexts, probabilities = self.attention(
            hidden,
            attention_mask=attention_mask,
            random=random,
            output_attentions=output_attentions,
        )
        attended = self.attention_output(contexts)
        attended = self.attention_dropout(attended, random=random)
        hidden = self.attention_normalization(hidden + attended)
        transformed = self.feed_forward_output(self.intermediate(hidden))
        transformed = self.output_dropout(transformed, random=random)
        return self.output_normalization(hidden + transformed), probabilities
