"""The transformer encoder: embeddings, blocks, sequence output."""

from typing import Any, NamedTuple

import keras
from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.layers import block_stack
from electra_tf.layers.attention import compute_attention_mask
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.layers.embeddings import Embeddings
from electra_tf.layers.transformer_block import TransformerBlock
from electra_tf.randomness import scoped


class EncoderOutput(NamedTuple):
    """Outputs of an encoder (B batch, L length, H hidden_size)."""

    sequence_output: Any  # Float `(B, L, H)`, outputs of the last layer.
    pooled_output: Any  # Float `(B, H)`, the first token's; no dense pooler.
    embedding_output: Any  # Float `(B, L, H)`, inputs of the first layer.
    all_layer_outputs: tuple  # Of `(B, L, H)`, one a layer.
    # Of float32 `(B, heads, L, L)`, one a layer; empty unless asked for.
    attention_probs: tuple


class Encoder(ConfiguredLayer):
    """A BERT-style transformer encoder, ELECTRA's discriminator body.

    Its variables carry the names of the original's checkpoints, such as
    `electra/encoder/layer_0/attention/self/query/kernel`; the names are a
    contract.

    Args:
        config: `EncoderConfig`.
        embeddings: an `Embeddings` layer to share, or None to make one.
        lookup: str, how embeddings of its own are looked up, see
            `electra_tf.layers.embeddings.LOOKUPS`.
        recompute: bool, whether the backward pass computes blocks again
            instead of keeping what they made; where `random` is given.
        scan: bool, whether the blocks are one loop, which XLA compiles
            faster; where `random` is given, on TensorFlow's backend.
        name: str, the first part of every variable's name.

    Call arguments:
        input_ids: int tensor `(batch, length)`.
        input_mask: int tensor `(batch, length)`, 1 for real tokens; None for
            all ones.
        segment_ids: int tensor `(batch, length)`; None for all zeros.
        direction: str, "both", "ltr" or "rtl"; the tokens that each attends
            to, see `electra_tf.layers.attention.compute_attention_mask`.
        random: `RandomStream` to apply dropout, or None.
        training: bool, whether Keras draws dropout where `random` is None.
        output_attentions: bool, whether to return attention probabilities.

    Returns:
        `EncoderOutput`.

    >>> config = EncoderConfig(
    ...     vocab_size=100, hidden_size=8, num_hidden_layers=2,
    ...     num_attention_heads=2, intermediate_size=16, embedding_size=4)
    >>> output = Encoder(config)(np.array([[2, 5, 7, 3]]))
    >>> tuple(output.sequence_output.shape), tuple(output.pooled_output.shape)
    ((1, 4, 8), (1, 8))
    """

    def __init__(
        self,
        config: EncoderConfig,
        embeddings: Embeddings | None = None,
        lookup: str = "gather",
        recompute: bool = False,
        scan: bool = False,
        name: str = "electra",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.config = config
        self.lookup = lookup
        self._owns_embeddings = embeddings is None
        self.recompute, self.scan = recompute, scan
        self.embeddings = embeddings or Embeddings(
            config, lookup, dtype=self.dtype_policy
        )
        self.embeddings_project = None
        if self.embeddings.config.embedding_size != config.hidden_size:
            # No initializer in the released code: Glorot's uniform default.
            self.embeddings_project = keras.layers.Dense(
                config.hidden_size,
                name="embeddings_project",
                dtype=self.dtype_policy,
            )
        self.blocks = [
            TransformerBlock(
                config, name=f"layer_{index}", dtype=self.dtype_policy
            )
            for index in range(config.num_hidden_layers)
        ]

    @classmethod
    def load(cls, folder: str, dtype=None) -> "Encoder":
        """Return a model's main encoder, the discriminator's body.

        Args:
            folder: a model folder, or any other that
                `python -m electra_tf.conversion.convert` reads.
            dtype: Keras' policy, such as "mixed_bfloat16".

        Raises:
            FileNotFoundError: when no model is there.
            UserError: when its weights do not fit its config.
        """
        from electra_tf.conversion.load import load_encoder

        return load_encoder(folder, dtype)

    def build(self, input_shape=None):
        """Create all weights."""
        if not self.embeddings.built:
            self.embeddings.build()
        if self.embeddings_project is not None:
            self.embeddings_project.build(
                (None, None, self.embeddings.config.embedding_size)
            )
        with keras.name_scope("encoder"):
            for block in self.blocks:
                block.build()

    def get_config(self):
        """Return the arguments; embeddings only if they were given."""
        own = {"embeddings": None} if self._owns_embeddings else {}
        return {**super().get_config(), **own}

    def call(
        self,
        input_ids,
        input_mask=None,
        segment_ids=None,
        direction="both",
        random=None,
        training=None,
        output_attentions=False,
    ):
        """Encode a batch of sequences."""
        if input_mask is None:
            input_mask = ops.ones_like(input_ids)
        hidden = self.embeddings(
            input_ids,
            segment_ids=segment_ids,
            random=scoped(random, "embeddings"),
            training=training,
        )
        if self.embeddings_project is not None:
            hidden = self.embeddings_project(hidden)
        embedding_output = hidden  # [B, L, H]
        attention_mask = compute_attention_mask(input_mask, direction)
        outputs, attention = self._run_blocks(
            hidden, attention_mask, random, training, output_attentions
        )
        return EncoderOutput(
            sequence_output=outputs[-1],
            pooled_output=outputs[-1][:, 0],
            embedding_output=embedding_output,
            all_layer_outputs=tuple(outputs),
            attention_probs=tuple(attention),
        )

    def _run_blocks(
        self, hidden, attention_mask, random, training, output_attentions
    ):
        """Return the blocks' outputs, and the attention probabilities."""
        if random is not None and not output_attentions:
            inputs = (self.blocks, hidden, attention_mask, random)
            if self.scan:
                return block_stack.loop(*inputs, again=self.recompute), []
            if self.recompute:
                return block_stack.recompute(*inputs), []
        outputs, attention = [], []
        for block in self.blocks:
            hidden = block(
                hidden,
                attention_mask=attention_mask,
                random=scoped(random, block.name),
                training=training,
                output_attentions=output_attentions,
            )
            if output_attentions:
                hidden, probabilities = hidden
                attention.append(probabilities)
            outputs.append(hidden)
        return outputs, attention
