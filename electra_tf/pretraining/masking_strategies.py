"""Chooses the tokens to predict: a table of masking strategies.

A strategy is a function from a `Batch`, a `MaskingConfig` and a `RandomStream`
to int32 positions `(B, N)`; slots that it does not use are 0 and come last. A
new one is a function and a row of `STRATEGIES`.

B batch, L length, N chosen positions a sequence at most, V vocabulary.
"""

import typing
from collections.abc import Callable

from keras import ops

from electra_tf.pretraining import masking
from electra_tf.pretraining.masking import Batch, MaskingConfig, maskable

# Products such as float32(0.15) * 100 lie above the whole number meant.
ROUNDING = 1e-3
# Keeps the logarithm of a random number finite.
_SMALLEST = 1e-9
_NEVER = -1e9


def draw(
    batch: Batch, config: MaskingConfig, vocab_size: int, random
) -> masking.MaskingRandomInputs:
    """Draw positions and what becomes of their tokens."""
    positions = STRATEGIES[config.strategy].choose(batch, config, random)
    shape = (ops.shape(batch.input_ids)[0], config.max_predictions_per_seq)
    replace = random.uniform(shape, "replace")
    if not config.random_token_share:
        return masking.MaskingRandomInputs(positions, replace)
    uniform = random.uniform(shape, "random_ids")
    tokens = ops.cast(ops.floor(uniform * vocab_size), "int32")
    # Rounding may give u * V == V for u just below 1.
    tokens = ops.minimum(tokens, vocab_size - 1)
    return masking.MaskingRandomInputs(positions, replace, tokens)


def mask(
    batch: Batch, config: MaskingConfig, random: masking.MaskingRandomInputs
) -> masking.Masked:
    """Hide as many of the chosen tokens as the strategy says."""
    strategy = STRATEGIES[config.strategy]
    number = strategy.num_to_predict(batch, random.positions, config)
    return masking.mask_tokens(batch, config, random, number)


def with_replacement(batch: Batch, config: MaskingConfig, random):
    """Choose maskable tokens by their rank, some twice: the released code's.

    The position of rank floor(u * maskable) is drawn for a uniform u, which
    needs N numbers a sequence where a categorical sampler needs N * L. A
    sequence without maskable tokens yields position 0.
    """
    allowed = maskable(batch, config.special)
    ranks = ops.cumsum(ops.cast(allowed, "int32"), axis=1)  # [B, L], from 1
    number = ops.cast(ranks[:, -1:], "float32")
    shape = (ops.shape(allowed)[0], config.max_predictions_per_seq)
    uniform = random.uniform(shape, "positions")
    wanted = ops.cast(ops.floor(uniform * number), "int32")
    # Rounding may give u * n == n for u just below 1.
    wanted = ops.minimum(wanted, ops.maximum(ranks[:, -1:] - 1, 0))
    # The first position with a rank above the wanted one, counted from 0.
    before = ops.cast(ranks[:, None, :] <= wanted[:, :, None], "int32")
    # Without maskable tokens all are "before": back to 0 by the product.
    return ops.sum(before, axis=2) * ops.cast(number > 0, "int32")


def without_replacement(batch: Batch, config: MaskingConfig, random):
    """Choose every maskable token alike, none twice (paper, section 2)."""
    uniform = random.uniform(ops.shape(batch.input_ids), "positions")
    return _largest(batch, config, uniform)


def rare_tokens(batch: Batch, config: MaskingConfig, random):
    """Choose rare tokens rather than frequent ones, none twice (appendix H).

    The chance of being drawn next is in proportion to the inverse square root
    of a token's number in the training records. The paper does not say how
    its rare tokens were preferred.
    """
    counts = ops.convert_to_tensor(config.token_counts, "float32") + 1.0
    weights = ops.sqrt(ops.max(counts) / counts)  # [V], at least 1.
    weights = ops.take(weights, batch.input_ids)
    uniform = random.uniform(ops.shape(batch.input_ids), "positions")
    # Efraimidis and Spirakis, 2006: the largest u^(1/w), in logarithms.
    return _largest(batch, config, ops.log(uniform + _SMALLEST) / weights)


def _largest(batch: Batch, config: MaskingConfig, keys):
    """Choose the maskable tokens with the largest keys."""
    keys = ops.where(maskable(batch, config.special), keys, _NEVER)
    largest, positions = ops.top_k(keys, config.max_predictions_per_seq)
    place = ops.arange(config.max_predictions_per_seq, dtype="int32")[None]
    used = ops.logical_and(
        largest > _NEVER, place < _num_distinct(batch, config)[:, None]
    )
    return ops.cast(positions, "int32") * ops.cast(used, "int32")


def _num_distinct(batch: Batch, config: MaskingConfig):
    """Return how many distinct tokens to choose: int32 `(B,)`."""
    # Special tokens count, too; rounded up (paper, section 2).
    lengths = ops.cast(ops.sum(batch.input_mask, axis=1), "float32")
    share = ops.cast(config.mask_prob, "float32")
    wanted = ops.ceil(lengths * share - ROUNDING)
    allowed = ops.cast(maskable(batch, config.special), "int32")
    return ops.minimum(ops.cast(wanted, "int32"), ops.sum(allowed, axis=1))


def whole_words(batch: Batch, config: MaskingConfig, random):
    """Choose whole words, the share `mask_prob` of the tokens on average.

    A word begins at a piece that does not continue the one before (`##` in
    the vocabulary). Words are taken in random order until the next one would
    be too many; from there on only words of one piece are, until the number
    is reached, which is rounded up or down at random.

    Source: BERT's whole word masking, https://github.com/google-research/bert,
    which after the first word that is too long goes on with any that fits.
    """
    size, length = ops.shape(batch.input_ids)
    most = config.max_predictions_per_seq
    allowed = maskable(batch, config.special)
    continues = ops.convert_to_tensor(config.continues_word, "bool")
    continues = ops.take(continues, batch.input_ids)
    real = ops.cast(ops.sum(batch.input_mask, axis=1, keepdims=True), "float32")
    up_or_down = random.uniform((size, 1), "number")
    wanted = ops.floor(real * config.mask_prob + up_or_down)
    chosen = choose_words(
        allowed,
        ops.logical_and(allowed, continues),
        ops.clip(ops.cast(wanted, "int32"), 1, most),
        random.uniform((size, length), "words"),
    )
    place = ops.arange(length, dtype="int32")[None]
    first = ops.sort(ops.where(chosen, place, length), axis=1)[:, :most]
    return ops.cast(ops.where(first < length, first, 0), "int32")


def choose_words(allowed, continues, wanted, uniform):
    """Mark pieces of whole words: bool `(B, L)`.

    Args:
        allowed: bool `(B, L)`, the pieces that may be chosen.
        continues: bool `(B, L)`, of these, which continue a word.
        wanted: int32 `(B, 1)`, how many to choose.
        uniform: float32 `(B, L)`; the number where a word begins decides the
            word's turn.

    >>> choose_words(np.array([[True] * 5]), np.array([[0, 0, 1, 1, 0]]) > 0,
    ...     np.array([[2]]), np.array([[0.3, 0.1, 0, 0, 0.2]])).numpy()
    array([[ True, False, False, False,  True]])
    """
    turns = _turns(allowed, continues, uniform)
    order = ops.argsort(turns, axis=1)  # Pieces of a word stay together.
    sorted_turns = ops.take_along_axis(turns, order, axis=1)
    words = ops.floor_divide(sorted_turns, ops.shape(turns)[1])
    place = ops.arange(ops.shape(turns)[1], dtype="int32")[None]
    real = ops.take_along_axis(allowed, order, axis=1)
    # The word of the first piece that is too many, if it has begun before.
    after = ops.equal(place, wanted)
    too_long = ops.sum(ops.where(after, words, 0), axis=1, keepdims=True)
    too_long = ops.where(ops.any(after, axis=1, keepdims=True), too_long, -1)
    in_time = ops.logical_and(place < wanted, ops.not_equal(words, too_long))
    in_time = ops.logical_and(in_time, real)
    left = wanted - ops.sum(ops.cast(in_time, "int32"), axis=1, keepdims=True)
    single = ops.logical_and(_alone(words), ops.logical_and(real, ~in_time))
    filling = ops.cumsum(ops.cast(single, "int32"), axis=1) <= left
    taken = ops.logical_or(in_time, ops.logical_and(single, filling))
    back = ops.argsort(order, axis=1)
    return ops.take_along_axis(taken, back, axis=1)


def _turns(allowed, continues, uniform):
    """Return numbers that sort pieces by their words' turns: int32 `(B, L)`.

    Divided by L they are the word's turn, equal for all its pieces. What may
    not be chosen comes last, each a word of its own.
    """
    length = ops.shape(allowed)[1]
    place = ops.arange(length, dtype="int32")[None]
    place = ops.broadcast_to(place, ops.shape(allowed))
    # A piece continues a word only if the one before is maskable.
    before = ops.pad(allowed[:, :-1], [[0, 0], [1, 0]])
    starts = ~ops.logical_and(continues, before)
    word = ops.cumsum(ops.cast(starts, "int32"), axis=1) - 1
    start_places = ops.sort(ops.where(starts, place, length), axis=1)
    start = ops.take_along_axis(start_places, word, axis=1)
    late = ops.where(allowed, uniform, uniform + 2.0)
    late = ops.where(starts, late, 4.0)
    turn = ops.argsort(ops.argsort(late, axis=1), axis=1)
    turn = ops.cast(ops.take_along_axis(turn, start, axis=1), "int32")
    return turn * length + place


def _alone(words):
    """Mark those that differ from both neighbours: bool `(B, L)`."""
    differs = ops.not_equal(words[:, 1:], words[:, :-1])
    first = ops.pad(differs, [[0, 0], [1, 0]], constant_values=True)
    last = ops.pad(differs, [[0, 0], [0, 1]], constant_values=True)
    return ops.logical_and(first, last)


class Strategy(typing.NamedTuple):
    """A row of `STRATEGIES`."""

    choose: Callable
    # From batch, positions and config to the number of slots used: `(B,)`.
    num_to_predict: Callable


def _num_chosen(batch: Batch, positions, config: MaskingConfig):
    return ops.sum(ops.cast(positions > 0, "int32"), axis=1)


def _released_number(batch: Batch, positions, config: MaskingConfig):
    mask, most = batch.input_mask, positions.shape[1]
    return masking.num_to_predict(mask, config.mask_prob, most)


STRATEGIES = {
    "with_replacement": Strategy(with_replacement, _released_number),
    "without_replacement": Strategy(without_replacement, _num_chosen),
    "rare_tokens": Strategy(rare_tokens, _num_chosen),
    "whole_words": Strategy(whole_words, _num_chosen),
}
