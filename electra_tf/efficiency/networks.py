"""Which networks a pre-training run consists of, and their weights."""

import typing

from electra_tf.configs import (
    EncoderConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
)


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
    """

    encoder: EncoderConfig
    input_size: int
    tokens: int


class Networks(typing.NamedTuple):
    """What an update runs.

    Attributes:
        passes: of encoders, the main one first.
        prediction: `TokenPrediction`, or None for uniform proposals.
        detection: `EncoderConfig` of the discriminator, or None.
    """

    passes: tuple[Pass, ...]
    prediction: TokenPrediction | None
    detection: EncoderConfig | None


def networks(config: PretrainingConfig) -> Networks:
    """Return the networks of any objective and generator.

    >>> config = PretrainingConfig(data_dir="D", model_name="M")
    >>> [each.encoder.hidden_size for each in networks(config).passes]
    [256, 64]
    """
    main = encoder_config(config)
    masked = config.max_predictions_per_seq
    if not (config.electra_objective or config.electric_objective):
        head = TokenPrediction(main, main.hidden_size, masked)
        return Networks((Pass(main),), head, None)
    if config.electra_objective and config.uniform_generator:
        return Networks((Pass(main),), None, main)
    if not config.electra_objective or not config.untied_generator:
        tied = Pass(main, owns_layers=False, owns_embeddings=False)
        head = TokenPrediction(main, main.hidden_size, masked)
        return Networks((Pass(main), tied), head, main)
    own = generator_config(config)
    tower = Pass(own, owns_embeddings=config.untied_generator_embeddings)
    if config.two_tower_generator:
        head = TokenPrediction(own, 2 * own.hidden_size, config.max_seq_length)
        return Networks((Pass(main), tower, tower), head, main)
    head = TokenPrediction(own, own.hidden_size, masked)
    return Networks((Pass(main), tower), head, main)


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


def parameters(config: PretrainingConfig) -> int:
    """Return the weights that a pre-training run updates, heads included.

    >>> parameters(PretrainingConfig(data_dir="D", model_name="M"))
    14196219
    """
    passes, prediction, detection = networks(config)
    total = sum(
        each.owns_layers * layer_parameters(each.encoder)
        + each.owns_embeddings * embedding_parameters(each.encoder)
        for each in passes
    )
    if prediction is not None:
        width = prediction.encoder.embedding_size
        total += _dense(prediction.input_size, width) + _norm(width)
        total += prediction.encoder.vocab_size  # The bias of the logits.
    if detection is not None:
        hidden = detection.hidden_size
        total += _dense(hidden, hidden) + _dense(hidden, 1)
    return total


def _dense(rows: int, columns: int) -> int:
    return rows * columns + columns


def _norm(width: int) -> int:
    return 2 * width
