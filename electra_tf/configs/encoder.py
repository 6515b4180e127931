"""The shape of an encoder, and the sizes of the released models."""

import dataclasses

from electra_tf.configs.hparams import Config, Derived, hparam
from electra_tf.errors import UserError

HEAD_SIZE = 64  # Width of an attention head in every released model.
INTERMEDIATE_RATIO = 4  # Feed-forward width in units of the hidden size.
ACTIVATIONS = ("gelu", "gelu_new", "relu", "tanh", "linear")


@dataclasses.dataclass(frozen=True)
class ModelSize:
    """Depth and width of a named model size (ELECTRA paper, Table 6)."""

    num_hidden_layers: int
    hidden_size: int


MODEL_SIZES = {
    "small": ModelSize(num_hidden_layers=12, hidden_size=256),
    "base": ModelSize(num_hidden_layers=12, hidden_size=768),
    "large": ModelSize(num_hidden_layers=24, hidden_size=1024),
}


def num_heads(hidden_size: int) -> int:
    """Return the number of attention heads that a hidden size implies."""
    return max(1, hidden_size // HEAD_SIZE)


@dataclasses.dataclass(frozen=True)
class EncoderConfig(Config):
    """The shape of a transformer encoder, in BERT's terms.

    `embedding_size` None stands for the hidden size.

    >>> EncoderConfig(100, 64, 2, 2, 256).head_size
    32
    """

    vocab_size: int = hparam(help_text="word pieces", at_least=1)
    hidden_size: int = hparam(help_text="width of a layer", at_least=1)
    num_hidden_layers: int = hparam(help_text="layers", at_least=1)
    num_attention_heads: int = hparam(help_text="heads", at_least=1)
    intermediate_size: int = hparam(
        help_text="width inside the feed-forward network", at_least=1
    )
    embedding_size: int = hparam(
        Derived(lambda c: c.hidden_size, "the hidden size"),
        "width of the embeddings",
        at_least=1,
    )
    hidden_act: str = hparam("gelu", "activation", choices=ACTIVATIONS)
    hidden_dropout_prob: float = hparam(
        0.1, "dropout of layer outputs", at_least=0, less_than=1
    )
    attention_probs_dropout_prob: float = hparam(
        0.1, "dropout of attention probabilities", at_least=0, less_than=1
    )
    max_position_embeddings: int = hparam(512, "longest input", at_least=1)
    type_vocab_size: int = hparam(2, "kinds of segments", at_least=1)
    initializer_range: float = hparam(
        0.02, "standard deviation of initial weights", at_least=0
    )

    def check(self):
        """Raise a ValueError if the heads do not share the hidden size."""
        if self.hidden_size % self.num_attention_heads:
            raise UserError(
                "hidden_size must be divisible by num_attention_heads. "
                f"Received: hidden_size {self.hidden_size}, "
                f"num_attention_heads {self.num_attention_heads}."
            )

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads


def widths(hidden_size: int) -> dict[str, int]:
    """Return the hidden size and the widths that follow from it."""
    return {
        "hidden_size": hidden_size,
        "num_attention_heads": num_heads(hidden_size),
        "intermediate_size": INTERMEDIATE_RATIO * hidden_size,
    }
