"""Choosing the tokens to predict: a table of ways.

A way is a function from a `Batch`, the `Rules` and a `RandomStream` to int32
positions `(B, N)`; slots that it does not use are 0 and come last. A new one
is a function and a row of `MASKINGS`.

B batch, L length, N positions a sequence at most, V vocabulary.
"""

import typing
from collections.abc import Callable

from keras import ops

from electra_tf.pretraining import whole_words
from electra_tf.pretraining.masking import (
    Batch,
    MaskingDraws,
    SpecialTokens,
    candidates,
    num_to_predict,
)

# Products such as float32(0.15) * 100 lie above the whole number meant.
ROUNDING = 1e-3
# Keeps the logarithm of a random number finite.
_SMALLEST = 1e-9
_NEVER = -1e9


class Rules(typing.NamedTuple):
    """What a way of choosing may look at besides the batch.

    Attributes:
        special: `SpecialTokens`, which are never chosen.
        mask_prob: float, the share of real tokens to choose.
        most: int, N.
        continues_word: bool `(V,)`, which pieces continue a word, or None.
        token_counts: ints `(V,)`, how often each token comes in the training
            records, or None.
    """

    special: SpecialTokens
    mask_prob: float
    most: int
    continues_word: typing.Any = None
    token_counts: typing.Any = None


class Masking(typing.NamedTuple):
    """A row of `MASKINGS`.

    Attributes:
        choose: the function.
        number: function from a batch, the positions and the rules to how many
            slots are used, int32 `(B,)`.
    """

    choose: Callable
    number: Callable


def draw(masking: str, batch: Batch, rules: Rules, random) -> MaskingDraws:
    """Draw positions and what becomes of their tokens.

    Args:
        masking: str, a key of `MASKINGS`.
        batch: `Batch`.
        rules: `Rules`.
        random: `RandomStream`.
    """
    positions = MASKINGS[masking].choose(batch, rules, random)
    shape = (ops.shape(batch.input_ids)[0], rules.most)
    return MaskingDraws(positions, random.uniform(shape, "replace"))


def draw_tokens(batch: Batch, rules: Rules, vocab_size: int, random):
    """Draw a token of the vocabulary for each slot: int32 `(B, N)`."""
    shape = (ops.shape(batch.input_ids)[0], rules.most)
    uniform = random.uniform(shape, "random_ids")
    tokens = ops.cast(ops.floor(uniform * vocab_size), "int32")
    # Rounding may give u * V == V for u just below 1.
    return ops.minimum(tokens, vocab_size - 1)


def num_of_distinct(batch: Batch, rules: Rules):
    """How many distinct tokens to predict in each sequence: int32 `(B,)`.

    The share `mask_prob` of the real tokens, special ones included, rounded
    up (paper, section 2), but no more than there are candidates.
    """
    lengths = ops.cast(ops.sum(batch.input_mask, axis=1), "float32")
    share = ops.cast(rules.mask_prob, "float32")
    wanted = ops.ceil(lengths * share - ROUNDING)
    allowed = ops.cast(candidates(batch, rules.special), "int32")
    return ops.minimum(ops.cast(wanted, "int32"), ops.sum(allowed, axis=1))


def without_replacement(batch: Batch, rules: Rules, random):
    """Every candidate alike, none twice (paper, section 2)."""
    uniform = random.uniform(ops.shape(batch.input_ids), "positions")
    return _largest(batch, rules, uniform)


def rare_tokens(batch: Batch, rules: Rules, random):
    """Rare tokens rather than frequent ones, none twice (appendix H).

    The chance of being drawn next is in proportion to the inverse square root
    of a token's number in the training records. The paper does not say how
    its rare tokens were preferred.
    """
    counts = ops.convert_to_tensor(rules.token_counts, "float32") + 1.0
    weights = ops.sqrt(ops.max(counts) / counts)  # [V], at least 1.
    weights = ops.take(weights, batch.input_ids)
    uniform = random.uniform(ops.shape(batch.input_ids), "positions")
    # Efraimidis and Spirakis, 2006: the largest u^(1/w), in logarithms.
    return _largest(batch, rules, ops.log(uniform + _SMALLEST) / weights)


def _largest(batch: Batch, rules: Rules, keys):
    """The candidates with the largest keys, as many as there shall be."""
    keys = ops.where(candidates(batch, rules.special), keys, _NEVER)
    largest, positions = ops.top_k(keys, rules.most)
    place = ops.arange(rules.most)[None]
    used = ops.logical_and(
        largest > _NEVER, place < num_of_distinct(batch, rules)[:, None]
    )
    return ops.cast(positions, "int32") * ops.cast(used, "int32")


def with_replacement(batch: Batch, rules: Rules, random):
    """Candidates by their rank, some twice: the released code's.

    The position of rank floor(u * candidates) is drawn for a uniform u, which
    needs N numbers a sequence where a categorical sampler needs N * L. A
    sequence without candidates yields position 0.
    """
    allowed = candidates(batch, rules.special)
    ranks = ops.cumsum(ops.cast(allowed, "int32"), axis=1)  # [B, L], from 1
    number = ops.cast(ranks[:, -1:], "float32")
    shape = (ops.shape(allowed)[0], rules.most)
    uniform = random.uniform(shape, "positions")
    wanted = ops.cast(ops.floor(uniform * number), "int32")
    # Rounding may give u * n == n for u just below 1.
    wanted = ops.minimum(wanted, ops.maximum(ranks[:, -1:] - 1, 0))
    # The first position with a rank above the wanted one, counted from 0.
    before = ops.cast(ranks[:, None, :] <= wanted[:, :, None], "int32")
    # Without candidates every position is "before": back to 0 by the product.
    return ops.sum(before, axis=2) * ops.cast(number > 0, "int32")


def words(batch: Batch, rules: Rules, random):
    """Whole words, see `whole_words`."""
    return whole_words.draw(
        batch,
        rules.special,
        rules.continues_word,
        rules.mask_prob,
        rules.most,
        random,
    )


def _all_chosen(batch: Batch, positions, rules: Rules):
    return ops.sum(ops.cast(positions > 0, "int32"), axis=1)


def _released_number(batch: Batch, positions, rules: Rules):
    most = positions.shape[1]
    return num_to_predict(batch.input_mask, rules.mask_prob, most)


MASKINGS = {
    "with_replacement": Masking(with_replacement, _released_number),
    "without_replacement": Masking(without_replacement, _all_chosen),
    "rare_tokens": Masking(rare_tokens, _all_chosen),
    "whole_words": Masking(words, _all_chosen),
}
