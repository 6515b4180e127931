"""Multi-head self-attention and its masks."""

from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.layers.bert_conventions import dense
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.layers.dropout import Dropout

# Added to the scores of keys that are masked. Finite, so a query whose keys
# are all masked attends to everything, as in the original.
MASKED_SCORE = -10000.0

DIRECTIONS = ("both", "ltr", "rtl")


def compute_attention_mask(input_mask, direction: str = "both"):
    """Compute which keys each query may attend to.

    Args:
        input_mask: int tensor `(batch, length)`, 1 for real tokens.
        direction: str, "both"; "ltr" for keys up to the query itself; "rtl"
            for keys from the query on (Electric's two towers).

    Returns:
        Int tensor `(batch, 1, length)`, or `(batch, length, length)` for the
        one-directional masks; 1 where the query may attend to the key.

    >>> mask = compute_attention_mask(np.array([[1, 1, 0]]), "ltr")
    >>> np.array(mask)[0].tolist()
    [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    """
    if direction not in DIRECTIONS:
        raise ValueError(
            f"direction must be one of {DIRECTIONS}. "
            f"Received: direction={direction!r}"
        )
    input_mask = ops.cast(input_mask, "int32")
    keys = ops.expand_dims(input_mask, 1)
    if direction == "both":
        return keys
    length = ops.shape(input_mask)[1]
    triangle = ops.tril if direction == "ltr" else ops.triu
    return keys * triangle(ops.ones((length, length), dtype="int32"))


class SelfAttention(ConfiguredLayer):
    """Scaled dot-product attention of a sequence to itself.

    Args:
        config: `EncoderConfig`; hidden_size, num_attention_heads and
            attention_probs_dropout_prob are used.

    Call arguments:
        hidden: float tensor `(batch, length, hidden_size)`.
        attention_mask: int tensor `(batch, 1 or length, length)`, see
            `compute_attention_mask`; None to attend to all.
        random: `RandomStream` for dropout of the probabilities, or None.
        training: bool, whether Keras draws dropout where `random` is None.
        output_attentions: bool, whether to return the probabilities.

    Returns:
        The contexts, `(batch, length, hidden_size)`; with
        `output_attentions` a pair of them and the probabilities before
        dropout, float32 `(batch, heads, length, length)`.

    >>> layer = SelfAttention(EncoderConfig(
    ...     vocab_size=9, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4))
    >>> mask = compute_attention_mask(np.ones((1, 3), "int32"))
    >>> contexts, probabilities = layer(
    ...     np.ones((1, 3, 8)), mask, output_attentions=True)
    >>> tuple(contexts.shape), tuple(probabilities.shape)
    ((1, 3, 8), (1, 2, 3, 3))
    """

    def __init__(self, config: EncoderConfig, name="self", **kwargs):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.query, self.key, self.value = (
            dense(self, config.hidden_size, name=part)
            for part in ("query", "key", "value")
        )
        self.dropout = Dropout(
            config.attention_probs_dropout_prob, dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        """Create the three projections."""
        for part in (self.query, self.key, self.value):
            part.build((None, None, self.config.hidden_size))

    def call(
        self,
        hidden,
        attention_mask=None,
        random=None,
        training=None,
        output_attentions=False,
    ):
        """Attend from each position to those that the mask allows."""
        shape = ops.shape(hidden)
        # Each [B, heads, L, size].
        queries = self._split_heads(self.query(hidden), shape)
        keys = self._split_heads(self.key(hidden), shape)
        values = self._split_heads(self.value(hidden), shape)
        probabilities = self._probabilities(queries, keys, attention_mask)
        dropped = ops.cast(probabilities, values.dtype)
        dropped = self.dropout(dropped, random=random, training=training)
        contexts = ops.matmul(dropped, values)
        contexts = ops.transpose(contexts, (0, 2, 1, 3))
        contexts = ops.reshape(contexts, shape)
        return (contexts, probabilities) if output_attentions else contexts

    def _split_heads(self, projected, shape):
        """[B, L, H] -> [B, heads, L, H / heads]."""
        heads, size = self.config.num_attention_heads, self.config.head_size
        split = ops.reshape(projected, (*shape[:2], heads, size))
        return ops.transpose(split, (0, 2, 1, 3))

    def _probabilities(self, queries, keys, attention_mask):
        """Softmax of the masked scores, in float32."""
        scale = self.config.head_size**-0.5
        scores = ops.matmul(queries * scale, ops.transpose(keys, (0, 1, 3, 2)))
        scores = ops.cast(scores, "float32")
        if attention_mask is not None:
            allowed = ops.cast(ops.expand_dims(attention_mask, 1), "float32")
            scores += MASKED_SCORE * (1.0 - allowed)
        return ops.softmax(scores, axis=-1)
