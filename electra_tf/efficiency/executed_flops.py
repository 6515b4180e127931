"""Floating-point operations that this program makes a machine do.

The terms are those of the paper's count (`flops`); what differs:

* A product of matrices costs its forward pass twice more on the way back,
  once for each factor's gradient; other operations cost it once more.
* Word embeddings are looked up, at no cost, or multiplied by one-hot vectors
  where `embedding_lookup` says so. Positions are added; segments are always
  multiplied. A product with one-hot vectors has one gradient, the table's.
* Tokens are predicted where they were chosen, `max_predictions_per_seq` of an
  input; everywhere by two towers, once for both, and for objectives that
  predict all tokens.
* Every layer norm counts all its elements.
* With `recompute` the backward pass makes the layers' forward pass again.
* Adam takes some operations for every weight.

Products are exact, and equal to those of the graph that is run. Elements
count by the constants of `flops`, as if nothing were fused; they are a few
per cent. Drawing random numbers, choosing positions and metrics are left out.

>>> config = PretrainingConfig(data_dir="D", model_name="M")
>>> work = pretraining_work(config)
>>> work.forward, work.backward
(3039405090, 6034076194)
"""

import typing

from electra_tf.configs import EncoderConfig, PretrainingConfig
from electra_tf.efficiency.flops import (
    TransformerSizes,
    head_terms,
    input_terms,
    layer_terms,
    transformer_sizes,
)
from electra_tf.efficiency.networks import Head, networks, parameters

# The terms of `flops` that are products of matrices, beside the kernels.
PRODUCTS = {
    "kqv",
    "attention_scores",
    "attention_weighted_avg_values",
    "attn_output",
    "intermediate",
    "output",
    "main_multiply",
}
# Of AdamW, for a weight: norm 2, clip 1, moments 7, direction 3, decay 2,
# step 2.
OPTIMIZER = 17


class Work(typing.NamedTuple):
    """Operations of a forward pass, by what their backward pass costs."""

    products: int = 0  # Of matrix products with two gradients.
    lookups: int = 0  # Of products with one, such as by one-hot vectors.
    elements: int = 0  # Of all others.
    again: int = 0  # Made once more on the way back, by `recompute`.

    @property
    def forward(self) -> int:
        """Operations of a forward pass."""
        return self.products + self.lookups + self.elements

    @property
    def backward(self) -> int:
        """Operations of a backward pass."""
        return self.products + self.forward + self.again

    def plus(self, *others: "Work") -> "Work":
        """Return the sum.

        >>> Work(1, 2, 3).plus(Work(elements=4), Work(5))
        Work(products=6, lookups=2, elements=7, again=0)
        """
        return Work(*map(sum, zip(self, *others, strict=True)))

    def times(self, number: int) -> "Work":
        """Return a multiple."""
        return Work(*(number * count for count in self))


def encoder_work(
    encoder: EncoderConfig,
    length: int,
    embedding_lookup: str = "gather",
    recompute: bool = False,
) -> Work:
    """Return the work of an encoder on one input of `length` tokens."""
    sizes = transformer_sizes(encoder, length, full_layer_norm=True)
    layers = _work(layer_terms(sizes), length).times(sizes.num_layers)
    if recompute:
        layers = layers._replace(again=layers.forward)
    return layers.plus(_embedding_work(encoder, sizes, embedding_lookup))


def _embedding_work(
    encoder: EncoderConfig, sizes: TransformerSizes, embedding_lookup: str
) -> Work:
    terms = input_terms(sizes)
    words = terms.pop("main_multiply")
    del terms["tok_type_and_position"]
    lookups = 2 * encoder.type_vocab_size * sizes.embedding_size
    if embedding_lookup == "one_hot":
        lookups += words
    length = sizes.sequence_length
    return _work(terms, length).plus(Work(lookups=lookups * length))


def head_work(head: Head) -> Work:
    """Return the work of a head on the tokens of one input that it reads."""
    sizes = transformer_sizes(head.encoder, head.tokens)
    work = _work(head_terms(head.layer, sizes), head.tokens)
    if head.layer.trains_input:
        return work
    return Work(lookups=work.products, elements=work.elements)


def pretraining_work(config: PretrainingConfig, stage: str = "all") -> Work:
    """Return the work on one input of all networks, or of those of a stage."""
    length = config.max_seq_length
    passes, heads = networks(config, stage)
    parts = [
        encoder_work(
            each.encoder, length, config.embedding_lookup, config.recompute
        )
        for each in passes
    ]
    parts += map(head_work, heads)
    return Work().plus(*parts)


def update_flops(config: PretrainingConfig, stage: str | None = None) -> int:
    """Return the operations of an update of a stage; the mean one without.

    >>> update_flops(PretrainingConfig(data_dir="D", model_name="M"))
    1161646940075
    """
    if stage is None:
        total = flops_of_updates(config, config.num_train_steps)
        return round(total / config.num_train_steps)
    work = pretraining_work(config, stage)
    each = work.forward + work.backward
    if stage == "discriminator":  # The frozen generator's samples.
        each += pretraining_work(config, "generator").forward
    examples = config.train_batch_size * each
    return examples + OPTIMIZER * parameters(config, stage)


def flops_of_updates(config: PretrainingConfig, number: int) -> int:
    """Return the operations that a run's first updates make a machine do."""
    return sum(
        updates * update_flops(config, stage)
        for stage, updates in config.updates_by_stage(number).items()
    )


def _work(terms: dict[str, int], tokens: int) -> Work:
    """Return the work of terms per token, on some tokens."""
    products = sum(
        count
        for name, count in terms.items()
        if name in PRODUCTS or name.endswith("_kernel")
    )
    elements = sum(terms.values()) - products
    return Work(products, 0, elements).times(tokens)
