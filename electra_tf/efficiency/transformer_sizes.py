"""The sizes that decide what a transformer costs."""

import dataclasses

from electra_tf.configs import INTERMEDIATE_RATIO, EncoderConfig, num_heads
from electra_tf.configs.hparams import Config, Derived, hparam

OUTPUT_FRAC = 20 / 128  # Predictions of an input of 128 tokens.


@dataclasses.dataclass(frozen=True)
class TransformerSizes(Config):
    """The sizes that decide what a transformer costs.

    >>> TransformerSizes(128, 2).intermediate_size
    512
    """

    hidden_size: int = hparam(at_least=1)
    num_layers: int = hparam(at_least=1)
    sequence_length: int = hparam(512, at_least=1)
    vocab_size: int = hparam(30522, at_least=1)
    embedding_size: int = hparam(
        Derived(lambda c: c.hidden_size, "the hidden size"), at_least=1
    )
    intermediate_size: int = hparam(
        Derived(lambda c: INTERMEDIATE_RATIO * c.hidden_size, "4 hidden sizes"),
        at_least=1,
    )
    num_heads: int = hparam(
        Derived(lambda c: num_heads(c.hidden_size), "one per 64"), at_least=1
    )
    # None shares out the hidden size.
    head_size: int | None = hparam(None, at_least=1)
    # Share of the tokens that have an output softmax.
    output_frac: float = hparam(OUTPUT_FRAC, at_least=0, at_most=1)
    sparse_embedding_lookup: bool = hparam(False)  # It costs nothing then.
    decoder: bool = hparam(False)  # Layers also attend to an encoder.
    # Count every element of the layer norm after attention.
    full_layer_norm: bool = hparam(False)

    @property
    def attention_size(self) -> int:
        """Width of all queries of a token, as of all its keys and values."""
        if self.head_size is None:
            return self.hidden_size
        return self.head_size * self.num_heads


def transformer_sizes(
    encoder: EncoderConfig, sequence_length: int, **settings
) -> TransformerSizes:
    """Return the sizes of an encoder; `settings` are further fields."""
    return TransformerSizes(
        hidden_size=encoder.hidden_size,
        num_layers=encoder.num_hidden_layers,
        sequence_length=sequence_length,
        vocab_size=encoder.vocab_size,
        embedding_size=encoder.embedding_size,
        intermediate_size=encoder.intermediate_size,
        num_heads=encoder.num_attention_heads,
        **settings,
    )
