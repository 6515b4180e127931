"""Floating-point operations of a model, counted as in the ELECTRA paper.

The assumptions (paper, appendix E, and the released count):

* An operation is a mathematical one: an exponential counts 1. The product of
  a vector of m and a matrix of m x n counts 2mn.
* A backward pass costs as much as a forward pass.
* Embeddings are looked up by products with one-hot vectors, unless
  `sparse_embedding_lookup`.
* Elements of dropout, layer norms, GELUs and softmaxes cost the constants
  below.
* An output softmax is computed for the fraction `output_frac` of the tokens;
  the detection head, for all of them.

Terms are counted per token of an input and have the names of the released
count. Its approximations are kept too:

* The layer norm after attention counts `LAYER_NORM`, not that times the hidden
  size. `full_layer_norm` mends this; totals of the published sizes grow by
  less than 0.06%.
* Queries, keys, values and scores follow `head_size`, but averaging the values
  and the output of attention count the hidden size.
* A decoder counts the whole attention twice.
* A head counts without what stands beside its first layer, such as copying.

>>> small = TransformerSizes(256, 12, sequence_length=128, embedding_size=128)
>>> layer_terms(small)["kqv"], layer_flops(small), inference_flops(small)
(393216, 220594816, 3677281792)
"""

import dataclasses

from electra_tf.configs import (
    INTERMEDIATE_RATIO,
    EncoderConfig,
    PretrainingConfig,
    encoder_config,
    num_heads,
    objectives,
)
from electra_tf.configs.hparams import Config, Derived, hparam
from electra_tf.configs.objectives import HeadLayer
from electra_tf.efficiency.networks import networks

# Operations per element.
DROPOUT = 4  # Draw, compare, multiply by the mask, rescale.
LAYER_NORM = 5  # Mean, variance (square and sum), add bias, scale.
ACTIVATION = 8  # GELU by its tanh formula.
SOFTMAX = 5  # Maximum, subtract, exponential, sum, divide.

OUTPUT_FRAC = 20 / 128  # Predictions of an input of 128 tokens.
SEGMENT_TYPES = 2
FORWARD_AND_BACKWARD = 2


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


def attention_terms(sizes: TransformerSizes) -> dict[str, int]:
    """Return the operations per token of a layer's attention, by name."""
    hidden, attention = sizes.hidden_size, sizes.attention_size
    length = sizes.sequence_length
    scores = length * sizes.num_heads  # Elements that belong to a token.
    normalized = hidden if sizes.full_layer_norm else 1
    terms = {
        "kqv": 3 * _product(hidden, attention),
        "kqv_bias": 3 * attention,
        "attention_scores": _product(attention, length),
        "attn_softmax": SOFTMAX * scores,
        "attention_dropout": DROPOUT * scores,
        "attention_scale": scores,
        "attention_weighted_avg_values": _product(hidden, length),
        "attn_output": _product(hidden, hidden),
        "attn_output_bias": hidden,
        "attn_output_dropout": DROPOUT * hidden,
        "attn_output_residual": hidden,
        "attn_output_layer_norm": LAYER_NORM * normalized,
    }
    times = 2 if sizes.decoder else 1
    return {name: times * count for name, count in terms.items()}


def feed_forward_terms(sizes: TransformerSizes) -> dict[str, int]:
    """Return the operations per token of a layer's feed-forward network."""
    hidden, inner = sizes.hidden_size, sizes.intermediate_size
    return {
        "intermediate": _product(hidden, inner),
        "intermediate_act": ACTIVATION * inner,
        "intermediate_bias": inner,
        "output": _product(inner, hidden),
        "output_bias": hidden,
        "output_dropout": DROPOUT * hidden,
        "output_residual": hidden,
        "output_layer_norm": LAYER_NORM * hidden,
    }


def layer_terms(sizes: TransformerSizes) -> dict[str, int]:
    """Return the operations per token of a layer, by name."""
    return attention_terms(sizes) | feed_forward_terms(sizes)


def input_terms(sizes: TransformerSizes) -> dict[str, int]:
    """Return the operations per token of the embeddings, by name."""
    embedding, hidden = sizes.embedding_size, sizes.hidden_size
    others = sizes.sequence_length + SEGMENT_TYPES
    terms = {}
    if not sizes.sparse_embedding_lookup:
        terms["main_multiply"] = _product(sizes.vocab_size, embedding)
    terms |= {
        "tok_type_and_position": _product(others, embedding),
        "add_tok_type_and_position": 2 * embedding,
        "emb_layer_norm": LAYER_NORM * embedding,
        "emb_dropout": DROPOUT * embedding,
    }
    if embedding != hidden:
        terms["hidden_kernel"] = _product(embedding, hidden)
        terms["hidden_bias"] = hidden
    return terms


def head_terms(head: HeadLayer, sizes: TransformerSizes) -> dict[str, int]:
    """Return the operations of a head per token that it reads, by name."""
    terms = {}
    for dense in head.dense:
        rows, columns = dense.kernel_shape(sizes)
        terms[f"{dense.name}_kernel"] = _product(rows, columns)
        if dense.counts_bias:
            terms[f"{dense.name}_bias"] = columns
        if dense.activation:
            terms[f"{dense.name}_activation"] = ACTIVATION * columns
        if dense.layer_norm:
            terms[f"{dense.name}_layer_norm"] = LAYER_NORM * columns
    if head.predicts_tokens:
        vocab = sizes.vocab_size
        terms["main_multiply"] = _product(sizes.embedding_size, vocab)
        terms["output_softmax"] = SOFTMAX * vocab
        terms["output_target_word"] = 2 * vocab
    return terms


def layer_flops(sizes: TransformerSizes) -> int:
    """Return the operations of one layer on one input."""
    return _per_input(layer_terms(sizes), sizes)


def input_flops(sizes: TransformerSizes) -> int:
    """Return the operations of the embeddings of one input."""
    return _per_input(input_terms(sizes), sizes)


def head_flops(
    head: HeadLayer, sizes: TransformerSizes, reads_all: bool
) -> float:
    """Return the operations of a head on one input, or a part of its tokens."""
    everywhere = _per_input(head_terms(head, sizes), sizes)
    return everywhere if reads_all else sizes.output_frac * everywhere


def prediction_flops(sizes: TransformerSizes) -> float:
    """Return the operations of masked prediction on one input."""
    return head_flops(objectives.TOKENS, sizes, reads_all=False)


def detection_flops(sizes: TransformerSizes) -> int:
    """Return the operations of binary decisions on all tokens of an input."""
    return head_flops(objectives.REPLACED_TOKEN, sizes, reads_all=True)


def encoder_flops(sizes: TransformerSizes) -> int:
    """Return the operations of embeddings and layers on one input."""
    return sizes.num_layers * layer_flops(sizes) + input_flops(sizes)


def inference_flops(sizes: TransformerSizes) -> int:
    """Return the operations of classifying one input, every token of it."""
    return encoder_flops(sizes) + detection_flops(sizes)


def training_flops(
    sizes: TransformerSizes,
    batch_size: int,
    train_steps: int,
    discriminator: bool = False,
) -> float:
    """Return the operations of training a detecting or predicting network."""
    head = detection_flops if discriminator else prediction_flops
    forward = encoder_flops(sizes) + head(sizes)
    return FORWARD_AND_BACKWARD * batch_size * train_steps * forward


def pretraining_flops(config: PretrainingConfig, **settings) -> float:
    """Return the operations of a run of any objective and generator.

    A generator that shares all weights with the discriminator costs as much
    as a network of its own of that size. Uniform proposals cost nothing. Two
    towers predict every token, once for both; the released count has none, and
    here the wider input of their common prediction is left out. A main network
    that predicts all tokens has a softmax for each. In two stages the generator
    is first trained alone, and then run without a backward pass.

    `settings` are further fields of `TransformerSizes`.

    >>> config = PretrainingConfig(data_dir="data", model_name="small")
    >>> pretraining_flops(config)
    1.293743798272e+18
    """
    return flops_of_updates(config, config.num_train_steps, **settings)


def flops_of_updates(
    config: PretrainingConfig, number: int, **settings
) -> float:
    """Return the operations of a run's first updates."""
    return sum(
        _stage_flops(config, stage, updates, **settings)
        for stage, updates in config.updates_by_stage(number).items()
    )


def _stage_flops(
    config: PretrainingConfig, stage: str, steps: int, **settings
) -> float:
    """Return the operations of some updates of a stage."""
    length = config.max_seq_length
    main = transformer_sizes(encoder_config(config), length, **settings)
    proposing = sum(
        training_flops(network, config.train_batch_size, steps)
        for network in _generator_networks(config, **settings)
    )
    spec = config.objective_spec
    if spec.head is None or stage == "generator":
        return proposing
    if stage == "discriminator":  # The generator is frozen.
        proposing /= FORWARD_AND_BACKWARD
    head = head_flops(spec.head.layers[0], main, spec.reads_all)
    forward = encoder_flops(main) + head
    passes = FORWARD_AND_BACKWARD * config.train_batch_size * steps
    return proposing + passes * forward


def flops_per_step(
    config: PretrainingConfig, stage: str | None = None, **settings
) -> float:
    """Return the operations of an update of a stage; the mean one without.

    >>> config = PretrainingConfig(data_dir="data", model_name="small")
    >>> flops_per_step(config)
    1293743798272.0
    """
    if stage is None:
        return pretraining_flops(config, **settings) / config.num_train_steps
    return _stage_flops(config, stage, 1, **settings)


def _product(rows: int, columns: int) -> int:
    """Return the operations of multiplying a vector by a matrix."""
    return 2 * rows * columns


def _per_input(terms: dict[str, int], sizes: TransformerSizes) -> int:
    return sum(terms.values()) * sizes.sequence_length


def _generator_networks(
    config: PretrainingConfig, **settings
) -> list[TransformerSizes]:
    """Return the networks whose masked prediction proposes replacements."""
    sizes = [
        transformer_sizes(each.encoder, config.max_seq_length, **settings)
        for each in networks(config, "generator").passes
    ]
    if objectives.GENERATORS[config.generator].reads_all:
        # Several encoders predict together, once for all.
        shares = [1.0] + [0.0] * (len(sizes) - 1)
        sizes = [
            one.replace(output_frac=share)
            for one, share in zip(sizes, shares, strict=True)
        ]
    return sizes
