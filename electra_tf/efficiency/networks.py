"""The networks of a pre-training run, and their weights."""

import math
import typing

from electra_tf import configs
from electra_tf.configs import EncoderConfig, PretrainingConfig
from electra_tf.configs.objectives import BASELINE, GENERATORS, HeadLayer


class Pass(typing.NamedTuple):
    """One run of an encoder over the batch, in every update."""

    encoder: EncoderConfig
    owns_layers: bool = True  # Whether no earlier pass uses its layers.
    owns_embeddings: bool = True  # Likewise its embeddings.


class Head(typing.NamedTuple):
    """One run of a head over the batch, in every update."""

    layer: HeadLayer
    encoder: EncoderConfig  # Whose vectors and embeddings it takes.
    tokens: int  # How many tokens of an input it reads.


class Networks(typing.NamedTuple):
    """The networks that an update runs."""

    passes: tuple[Pass, ...] = ()  # The main one first, where there is one.
    heads: tuple[Head, ...] = ()  # Of the main network and the generator.

    @property
    def predictions(self) -> list[Head]:
        """The heads that predict tokens of the vocabulary."""
        return [head for head in self.heads if head.layer.predicts_tokens]


def networks(config: PretrainingConfig, stage: str = "all") -> Networks:
    """Return the networks of any objective and generator.

    `stage` is "all", or which of the two to return: "generator" or
    "discriminator".

    >>> config = PretrainingConfig(data_dir="D", model_name="M")
    >>> [each.encoder.hidden_size for each in networks(config).passes]
    [256, 64]
    """
    main, generator = _main_network(config), _generator(config)
    if stage != "all":
        return generator if stage == "generator" else main
    passes = main.passes + generator.passes
    return Networks(passes, main.heads + generator.heads)


def _main_network(config: PretrainingConfig) -> Networks:
    main, spec = configs.encoder_config(config), config.objective_spec
    if spec.head is None:
        return Networks()
    tokens = _tokens(config, spec.reads_all)
    heads = tuple(Head(layer, main, tokens) for layer in spec.head.layers)
    return Networks((Pass(main),), heads)


def _generator(config: PretrainingConfig) -> Networks:
    main, row = configs.encoder_config(config), GENERATORS[config.generator]
    if config.objective_spec.generator == "main":
        row = GENERATORS["masked_language_model"]
        passes = [Pass(main)]
    elif row.head is None:
        return Networks()
    elif config.weight_sharing == "all":
        passes = [Pass(main, owns_layers=False, owns_embeddings=False)]
    else:
        passes = _own_passes(config, len(row.encoders))
    layers = [row.head]
    if config.generator_training == "adversarial":
        layers.append(BASELINE)
    tokens = _tokens(config, row.reads_all)
    encoder = passes[0].encoder
    heads = tuple(Head(layer, encoder, tokens) for layer in layers)
    return Networks(tuple(passes), heads)


def _own_passes(config: PretrainingConfig, number: int) -> list[Pass]:
    """Return the passes of a generator's own encoders."""
    own, sharing = configs.generator_config(config), config.weight_sharing
    first_owns = sharing != "embeddings" or not config.objective_spec.has_main
    others = [Pass(own, owns_embeddings=sharing == "none")] * (number - 1)
    return [Pass(own, owns_embeddings=first_owns), *others]


def _tokens(config: PretrainingConfig, reads_all: bool) -> int:
    """Return how many tokens of an input a head reads."""
    if reads_all:
        return config.max_seq_length
    return config.max_predictions_per_seq


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
    """Return the weights that a pre-training run, or a stage of it, updates.

    >>> parameters(PretrainingConfig(data_dir="D", model_name="M"))
    14196219
    """
    passes, heads = networks(config, stage)
    encoders = sum(
        each.owns_layers * layer_parameters(each.encoder)
        + each.owns_embeddings * embedding_parameters(each.encoder)
        for each in passes
    )
    return encoders + sum(
        math.prod(shape)
        for head in heads
        for shape in head.layer.shapes(head.encoder).values()
    )


def _dense(rows: int, columns: int) -> int:
    return rows * columns + columns


def _norm(width: int) -> int:
    return 2 * width
