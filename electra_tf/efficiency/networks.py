"""The networks of a pre-training run, and their weights."""

import typing

from electra_tf.configs import (
    EncoderConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
)
from electra_tf.configs.objectives import WITHOUT_NETWORK


class Pass(typing.NamedTuple):
    """One run of an encoder over the batch, in every update.

    Attributes:
        encoder: `EncoderConfig`.
        owns_layers: whether no earlier pass uses its layers.
        owns_embeddings: likewise its embeddings.
    """

    encoder: EncoderConfig
    owns_layers: bool = True
    owns_embeddings: bool = True


class TokenPrediction(typing.NamedTuple):
    """The head that predicts tokens.

    Attributes:
        encoder: `EncoderConfig` whose embeddings it compares with.
        input_size: width of what comes in.
        tokens: how many tokens of an input it predicts.
        copies: whether it may copy tokens, by a linear layer more.
        has_baseline: whether a linear layer beside it expects a reward.
    """

    encoder: EncoderConfig
    input_size: int
    tokens: int
    copies: bool = False
    has_baseline: bool = False


class Networks(typing.NamedTuple):
    """The networks that an update runs.

    Attributes:
        passes: of encoders, the main one first where there is one.
        predictions: of tokens, by the generator and by the main network.
        detection: `EncoderConfig` of the discriminator, or None.
    """

    passes: tuple[Pass, ...]
    predictions: tuple[TokenPrediction, ...] = ()
    detection: EncoderConfig | None = None

    def plus(self, other: "Networks") -> "Networks":
        """Return what both run."""
        return Networks(
            self.passes + other.passes,
            self.predictions + other.predictions,
            self.detection or other.detection,
        )


def networks(config: PretrainingConfig, stage: str = "all") -> Networks:
    """Return the networks of any objective and generator.

    Args:
        config: of the run.
        stage: "all", or which of the two to return, "generator" or
            "discriminator".

    >>> config = PretrainingConfig(data_dir="D", model_name="M")
    >>> [each.encoder.hidden_size for each in networks(config).passes]
    [256, 64]
    """
    parts = {"generator": _generator, "discriminator": _main_network}
    if stage in parts:
        return parts[stage](config)
    return _main_network(config).plus(_generator(config))


def _main_network(config: PretrainingConfig) -> Networks:
    main, layout = encoder_config(config), config.layout
    if layout.head is None:
        return Networks(())
    if layout.detects:
        return Networks((Pass(main),), detection=main)
    everywhere = layout.trained_on == "all"
    tokens = config.max_predictions_per_seq
    head = TokenPrediction(
        main,
        main.hidden_size,
        config.max_seq_length if everywhere else tokens,
        copies=layout.head == "copied_tokens",
    )
    return Networks((Pass(main),), (head,))


def _generator(config: PretrainingConfig) -> Networks:
    masked = config.max_predictions_per_seq
    adversarial = config.generator_training == "adversarial"
    if config.layout.generator == "main":
        return _masked_language_model(encoder_config(config), masked)
    if config.generator in WITHOUT_NETWORK:
        return Networks(())
    if config.weight_sharing == "all":
        return _masked_language_model(
            encoder_config(config), masked, False, has_baseline=adversarial
        )
    own = generator_config(config)
    untied = config.weight_sharing == "none"
    first_owns = config.weight_sharing in ("none", "disentangled")
    if config.generator == "masked_language_model":
        return _masked_language_model(
            own, masked, True, first_owns, adversarial
        )
    head = TokenPrediction(own, 2 * own.hidden_size, config.max_seq_length)
    first_owns = first_owns or not config.layout.has_main
    first = Pass(own, owns_embeddings=first_owns)
    return Networks((first, Pass(own, owns_embeddings=untied)), (head,))


def _masked_language_model(
    encoder: EncoderConfig,
    tokens: int,
    owns_layers: bool = True,
    owns_embeddings: bool = True,
    has_baseline: bool = False,
) -> Networks:
    head = TokenPrediction(
        encoder, encoder.hidden_size, tokens, has_baseline=has_baseline
    )
    one = Pass(encoder, owns_layers, owns_embeddings and owns_layers)
    return Networks((one,), (head,))


def embedding_parameters(encoder: EncoderConfig) -> int:
    """Return the weights of the embeddings."""
    rows = encoder.vocab_size + encoder.max_position_embeddings
    rows += encoder.type_vocab_size
    return rows * encoder.embedding_size + _norm(encoder.embedding_size)


def layer_parameters(encoder: EncoderConfig) -> int:
    """Return the weights of an encoder without its embeddings.

    >>> layer_parameters(EncoderConfig(100, 8, 1, 1, 16, embedding_size=4))
    640
    """
    hidden, inner = encoder.hidden_size, encoder.intermediate_size
    width = encoder.embedding_size
    attention = 4 * _dense(hidden, hidden) + _norm(hidden)
    feed_forward = _dense(hidden, inner) + _dense(inner, hidden)
    layer = attention + feed_forward + _norm(hidden)
    projection = _dense(width, hidden) if width != hidden else 0
    return encoder.num_hidden_layers * layer + projection


def parameters(config: PretrainingConfig, stage: str = "all") -> int:
    """Return the weights that a pre-training run updates, heads included.

    Args:
        config: of the run.
        stage: see `networks`.

    >>> parameters(PretrainingConfig(data_dir="D", model_name="M"))
    14196219
    """
    passes, predictions, detection = networks(config, stage)
    total = sum(
        each.owns_layers * layer_parameters(each.encoder)
        + each.owns_embeddings * embedding_parameters(each.encoder)
        for each in passes
    )
    total += sum(map(prediction_parameters, predictions))
    if detection is not None:
        hidden = detection.hidden_size
        total += _dense(hidden, hidden) + _dense(hidden, 1)
    return total


def prediction_parameters(head: TokenPrediction) -> int:
    """Return the weights of a head, whose matrix is the embeddings'."""
    width = head.encoder.embedding_size
    total = _dense(head.input_size, width) + _norm(width)
    total += head.encoder.vocab_size  # The bias of the logits.
    linear = head.copies + head.has_baseline
    return total + linear * _dense(head.input_size, 1)


def _dense(rows: int, columns: int) -> int:
    return rows * columns + columns


def _norm(width: int) -> int:
    return 2 * width
