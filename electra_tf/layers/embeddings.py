"""Token, position and segment embeddings."""

import keras
from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.layers.bert_conventions import (
    TruncatedNormal,
    layer_normalization,
)
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.layers.dropout import Dropout


def gather(table, ids):
    """Return rows of a table: `(V, D)` and int `(...)` to `(..., D)`."""
    return ops.take(table, ids, axis=0)


def one_hot(table, ids):
    """Return rows of a table by a product with one-hot vectors.

    Its gradient is a product too; that of `gather` adds row by row, which is
    slow on TPUs.
    """
    chosen = ops.one_hot(ids, table.shape[0], dtype=table.dtype)
    return ops.matmul(chosen, table)


LOOKUPS = {"gather": gather, "one_hot": one_hot}


class Embeddings(ConfiguredLayer):
    """Sum of token, segment and position embeddings, then LayerNorm.

    The same layer serves generator and discriminator when their embeddings
    are tied (ELECTRA, section 3.2), so the projection to the hidden size
    belongs to the encoder and not to this layer.

    Args:
        config: `EncoderConfig`; vocab_size, embedding_size,
            max_position_embeddings and type_vocab_size are used.
        lookup: str, how token embeddings are looked up, a row of `LOOKUPS`.

    Call arguments:
        input_ids: int tensor `(batch, length)`.
        segment_ids: int tensor `(batch, length)`, or None for all zeros.
        random: `RandomStream` for dropout, or None.
        training: bool, whether Keras draws dropout where `random` is None.

    Returns:
        Float tensor `(batch, length, embedding_size)`.

    >>> layer = Embeddings(EncoderConfig(
    ...     vocab_size=9, hidden_size=8, num_hidden_layers=1,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4))
    >>> tuple(layer(np.array([[2, 7, 3]])).shape)
    (1, 3, 4)
    """

    def __init__(
        self,
        config: EncoderConfig,
        lookup: str = "gather",
        name="embeddings",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.lookup = LOOKUPS[lookup]
        policy = self.dtype_policy
        self.normalization = layer_normalization(dtype=policy)
        self.dropout = Dropout(config.hidden_dropout_prob, dtype=policy)

    def build(self, input_shape=None):
        """Create the three tables."""
        tables = self._tables()
        self.word_embeddings = tables["word_embeddings"]
        self.token_type_embeddings = tables["token_type_embeddings"]
        self.position_embeddings = tables["position_embeddings"]
        self.normalization.build((None, None, self.config.embedding_size))

    def _tables(self, suffix: str = "", initializer=None) -> dict:
        """Create the tables of tokens, segments and positions, by name."""
        config = self.config
        rows = {
            "word_embeddings": config.vocab_size,
            "token_type_embeddings": config.type_vocab_size,
            "position_embeddings": config.max_position_embeddings,
        }
        return {
            name: self.add_weight(
                name=name + suffix,
                shape=(number, config.embedding_size),
                initializer=initializer
                or TruncatedNormal(stddev=config.initializer_range),
            )
            for name, number in rows.items()
        }

    def call(self, input_ids, segment_ids=None, random=None, training=None):
        """Look up, add, normalise."""
        length = self._checked_length(input_ids)
        if segment_ids is None:
            segment_ids = ops.zeros_like(input_ids)
        config = self.config
        _check_ids("input_ids", input_ids, config.vocab_size)
        _check_ids("segment_ids", segment_ids, config.type_vocab_size)
        summed = (
            self.lookup(self.word_embeddings, input_ids)
            # Two or so segments: a product is faster on every device.
            + one_hot(self.token_type_embeddings, segment_ids)
            + self.position_embeddings[:length]
        )
        normalized = self.normalization(summed)
        return self.dropout(normalized, random=random, training=training)

    def _checked_length(self, input_ids):
        length = input_ids.shape[1]
        longest = self.config.max_position_embeddings
        if length is not None and length > longest:
            raise ValueError(
                f"A sequence of {length} tokens is longer than the "
                f"{longest} positions the model has. Shorten the input, or "
                f"build the model with max_position_embeddings={length}."
            )
        return ops.shape(input_ids)[1]


def _check_ids(name: str, ids, rows: int):
    """Check ids that are numbers by now; those of a graph are not yet.

    Beyond a table an id has the vector 0, or ends the program, by the device.
    """
    if keras.backend.is_float_dtype(keras.backend.standardize_dtype(ids.dtype)):
        raise ValueError(
            f"{name} must be integers. Received: {ids.dtype}; give "
            'keras.Input(..., dtype="int32"), or convert them.'
        )
    if not hasattr(ids, "numpy"):
        return
    numbers = ids.numpy()
    least, most = numbers.min(initial=0), numbers.max(initial=0)
    if least < 0 or most >= rows:
        raise ValueError(
            f"{name} must be at least 0 and less than {rows}, the rows of "
            f"their table. Received: {least} to {most}."
        )


class DisentangledEmbeddings(Embeddings):
    """Generator embeddings with stopped gradient, plus a learned difference.

    Each table is that of `source` plus a difference that starts from zero: so
    the discriminator profits from the generator's embeddings without pulling
    at them (gradient-disentangled embedding sharing, DeBERTaV3,
    https://arxiv.org/abs/2111.09543). Arguments and calls are those of
    `Embeddings`; the generator owns and builds the `source`.
    """

    def __init__(self, config: EncoderConfig, lookup="gather", **kwargs):
        super().__init__(config, lookup, **kwargs)
        self.source = Embeddings(config, lookup, dtype=self.dtype_policy)

    def build(self, input_shape=None):
        """Create the differences and the LayerNorm."""
        self.differences = self._tables("_difference", "zeros")
        self.normalization.build((None, None, self.config.embedding_size))

    @property
    def word_embeddings(self):
        """The summed table, `(V, D)`."""
        return self._sum("word_embeddings")

    @property
    def token_type_embeddings(self):
        """The summed table, `(segments, D)`."""
        return self._sum("token_type_embeddings")

    @property
    def position_embeddings(self):
        """The summed table, `(positions, D)`."""
        return self._sum("position_embeddings")

    def _sum(self, name: str):
        source = ops.convert_to_tensor(getattr(self.source, name))
        return ops.stop_gradient(source) + self.differences[name]
