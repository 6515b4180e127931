"""One post-norm transformer layer."""

import functools

import keras
from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.kernels import fused
from electra_tf.layers.attention import SelfAttention
from electra_tf.layers.bert_conventions import dense, layer_normalization
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.layers.dropout import Dropout


class TransformerBlock(ConfiguredLayer):
    """Self-attention and a feed-forward network, each with a residual.

    LayerNorm comes after each residual sum, as in BERT (post-norm).

    Args:
        config: `EncoderConfig`; all but the sizes of vocabulary, positions
            and embeddings are used.
        name: str, `layer_<index>` in the original's checkpoints.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.
        attention_mask: int tensor `(batch, 1 or length, length)`, see
            `electra_tf.layers.attention.compute_attention_mask`; None to
            attend to all.
        random: `RandomStream` for dropout, or None.
        training: bool, whether Keras draws dropout where `random` is None.
        output_attentions: bool, whether to return attention probabilities.

    Returns:
        The new hidden states, `(batch, length, hidden_size)`; with
        `output_attentions` a pair of them and the probabilities, as of
        `SelfAttention`.

    >>> block = TransformerBlock(EncoderConfig(
    ...     vocab_size=9, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4),
    ...     name="layer_0")
    >>> hidden = block(np.ones((1, 3, 8)), np.ones((1, 1, 3)))
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
        self,
        hidden,
        attention_mask=None,
        random=None,
        training=None,
        output_attentions=False,
    ):
        """Attend, then transform each position by itself."""
        source = {"random": random, "training": training}
        contexts = self.attention(
            hidden,
            attention_mask=attention_mask,
            **source,
            output_attentions=output_attentions,
        )
        if output_attentions:
            contexts, probabilities = contexts
        joined = self._join_by_stream
        if random is None or not fused.are_used():
            joined = functools.partial(self._join, training=training)
        hidden = joined(
            contexts,
            self.attention_output,
            self.attention_dropout,
            hidden,
            self.attention_normalization,
            random,
        )
        transformed = self._intermediate(hidden, random)
        hidden = joined(
            transformed,
            self.feed_forward_output,
            self.output_dropout,
            hidden,
            self.output_normalization,
            random,
        )
        return (hidden, probabilities) if output_attentions else hidden

    def _intermediate(self, hidden, random):
        layer = self.intermediate
        is_gelu = self.config.hidden_act == "gelu"
        if random is None or not is_gelu or not fused.are_used():
            return layer(hidden)
        return fused.bias_gelu(_product(hidden, layer), layer.bias)

    @staticmethod
    def _join(
        inputs, layer, dropout, residual, normalization, random, training
    ):
        """Map the inputs linearly, add them to the residual, normalise."""
        outputs = dropout(layer(inputs), random=random, training=training)
        return normalization(residual + outputs)

    @staticmethod
    def _join_by_stream(
        inputs, layer, dropout, residual, normalization, random
    ):
        """Do the same with a stream's dropout, in fewer passes over memory."""
        outputs = _product(inputs, layer)
        return fused.residual_norm(
            outputs,
            layer.bias,
            residual,
            normalization.gamma,
            normalization.beta,
            dropout.mask_and_scale(ops.shape(outputs), random),
            normalization.epsilon,
        )


def _product(inputs, layer):
    """Multiply by a dense layer's matrix, in the format of the inputs."""
    return ops.matmul(inputs, ops.cast(layer.kernel, inputs.dtype))
