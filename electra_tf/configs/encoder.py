"""The shape of an encoder, the released sizes, and the settings of both."""

import dataclasses
from collections.abc import Mapping

from electra_tf.configs import fields
from electra_tf.configs.hparams import (
    Config,
    Derived,
    check_names,
    checked,
    hparam,
)
from electra_tf.configs.tokenizer import TokenizerConfig
from electra_tf.errors import UserError

HEAD_SIZE = 64  # Width of an attention head in every released model.
INTERMEDIATE_RATIO = 4  # Feed-forward width in units of the hidden size.
SEGMENTS = 2  # Of an input: of a text, and of what it is paired with.
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
        """Raise a `UserError` if the heads do not share the hidden size."""
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


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelSettings(TokenizerConfig):
    """Which encoder a program builds, and for which text."""

    model_size: str = fields.model(
        "small", "named size of the encoder", choices=tuple(MODEL_SIZES)
    )
    model_hparam_overrides: Mapping = fields.model(
        {}, 'encoder settings that differ from the size\'s: {"hidden_size": 96}'
    )
    embedding_size: int | None = fields.model(
        Derived(
            lambda c: 128 if c.model_size == "small" else None,
            "128 for small, else the hidden size",
        ),
        "width of the embeddings",
        at_least=1,
    )
    vocab_size: int = fields.model(30522, "number of word pieces", at_least=1)
    hidden_dropout_prob: float = fields.model(
        0.1, "dropout of layer outputs", at_least=0, less_than=1
    )
    attention_probs_dropout_prob: float = fields.model(
        0.1, "dropout of attention probabilities", at_least=0, less_than=1
    )

    def check(self):
        """Raise a `UserError` if no encoder can be built, or is too short.

        Overrides get the types of what they override.
        """
        super().check()
        overrides = self.model_hparam_overrides
        shape = {
            field.name: field for field in dataclasses.fields(EncoderConfig)
        }
        check_names(shape.values(), overrides, "model_hparam_overrides key")
        # Other settings follow from them, so that 96.0 must be 96.
        overrides.update(
            {name: checked(shape[name], overrides[name]) for name in overrides}
        )
        if "embedding_size" in overrides:
            raise UserError(
                "embedding_size is a setting of its own, not a key of "
                f"model_hparam_overrides. Received: {overrides!r}."
            )
        longest = encoder_config(self).max_position_embeddings
        if self.max_seq_length > longest:
            raise UserError(
                "max_seq_length must be at most max_position_embeddings "
                f"({longest}). Received: {self.max_seq_length}. Shorten the "
                "inputs or raise max_position_embeddings in "
                "model_hparam_overrides."
            )


def encoder_config(config: ModelSettings) -> EncoderConfig:
    """Return the shape of the main encoder (the discriminator).

    Heads and feed-forward width follow the hidden size after
    `model_hparam_overrides`, unless the overrides name them too.

    Raises:
        UserError: if an override is out of range.
    """
    overrides = config.model_hparam_overrides
    size = MODEL_SIZES[config.model_size]
    hidden_size = overrides.get("hidden_size", size.hidden_size)
    settings = {
        "vocab_size": config.vocab_size,
        "num_hidden_layers": size.num_hidden_layers,
        "embedding_size": config.embedding_size,
        "hidden_dropout_prob": config.hidden_dropout_prob,
        "attention_probs_dropout_prob": config.attention_probs_dropout_prob,
        **widths(hidden_size),
    }
    return EncoderConfig(**{**settings, **overrides})


def generator_config(config) -> EncoderConfig:
    """Return the shape of a generator that is a network of its own.

    Sizes are rounded half to even. Overrides of heads and feed-forward width
    do not carry over from the main encoder; all others do. In two stages the
    generator is the main encoder's twin.

    Args:
        config: `PretrainingConfig`.

    Raises:
        UserError: if the fractions give a shape that cannot be built.
    """
    encoder = encoder_config(config)
    if config.generator_training == "two_stage":
        return encoder  # The discriminator starts from its weights.
    hidden_size = round(encoder.hidden_size * config.generator_hidden_size)
    layers = round(encoder.num_hidden_layers * config.generator_layers)
    embedding_size = encoder.embedding_size
    if config.weight_sharing == "none":
        embedding_size = hidden_size
    try:
        return encoder.replace(
            num_hidden_layers=layers,
            embedding_size=embedding_size,
            **widths(hidden_size),
        )
    except UserError as error:
        raise UserError(
            f"generator_hidden_size {config.generator_hidden_size} and "
            f"generator_layers {config.generator_layers} give no valid "
            f"generator: {error}"
        ) from error
