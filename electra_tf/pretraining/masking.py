"""Choosing the tokens to predict, and hiding them.

B batch, L length, N positions a sequence at most, V vocabulary.
"""

import typing

from keras import ops

from electra_tf.pretraining.positions import scatter_average

# The share of chosen tokens that becomes [MASK]; the others stay as they
# are. The released code has this, the paper masks all (section 2).
MASK_TOKEN_SHARE = 0.85
# Products such as float32(0.15) * 100 lie above the whole number meant.
ROUNDING = 1e-3


class SpecialTokens(typing.NamedTuple):
    """Ids of the tokens that are never chosen."""

    cls_id: int
    sep_id: int
    mask_id: int


class Batch(typing.NamedTuple):
    """Sequences as the records hold them, int32 `(B, L)` each."""

    input_ids: typing.Any
    input_mask: typing.Any
    segment_ids: typing.Any


class Masked(typing.NamedTuple):
    """A batch with tokens to predict.

    Attributes:
        input_ids: int32 `(B, L)`, with [MASK] in place of most chosen tokens.
        positions: int32 `(B, N)`, where the chosen tokens stand; 0 in slots
            that are not used.
        ids: int32 `(B, N)`, the chosen tokens; 0 in slots that are not used.
        weights: float32 `(B, N)`, 1 in slots that are used.
    """

    input_ids: typing.Any
    positions: typing.Any
    ids: typing.Any
    weights: typing.Any


class MaskingDraws(typing.NamedTuple):
    """The random numbers that `mask_tokens` consumes.

    Attributes:
        positions: int32 `(B, N)`, candidates drawn uniformly, with
            replacement; or without, then 0 where they do not suffice.
        replace: float32 `(B, N)` in [0, 1); a token becomes [MASK] when its
            number is below the share of tokens that do.
    """

    positions: typing.Any
    replace: typing.Any


def candidates(batch: Batch, special: SpecialTokens):
    """Mark the tokens that may be chosen: bool `(B, L)`."""
    allowed = ops.cast(batch.input_mask, "bool")
    for special_id in special:
        allowed = ops.logical_and(
            allowed, ops.not_equal(batch.input_ids, special_id)
        )
    return allowed


def num_to_predict(input_mask, mask_prob: float, most: int):
    """How many tokens to predict in each sequence: int32 `(B,)`.

    The share `mask_prob` of the real tokens, special ones included, rounded
    half to even, at least 1 and `most` at most.

    >>> num_to_predict(np.ones((1, 50), "int32"), 0.15, 19).numpy().tolist()
    [8]
    """
    lengths = ops.cast(ops.sum(input_mask, axis=1), "float32")
    wanted = ops.round(lengths * ops.cast(mask_prob, "float32"))
    return ops.cast(ops.clip(wanted, 1, most), "int32")


def num_of_distinct(batch: Batch, special: SpecialTokens, mask_prob: float):
    """How many distinct tokens to predict in each sequence: int32 `(B,)`.

    The share `mask_prob` of the real tokens, special ones included, rounded
    up (paper, section 2), but no more than there are candidates.
    """
    lengths = ops.cast(ops.sum(batch.input_mask, axis=1), "float32")
    wanted = ops.ceil(lengths * ops.cast(mask_prob, "float32") - ROUNDING)
    allowed = ops.cast(candidates(batch, special), "int32")
    return ops.minimum(ops.cast(wanted, "int32"), ops.sum(allowed, axis=1))


def draw(
    batch: Batch,
    special: SpecialTokens,
    most: int,
    random,
    distinct: bool = False,
):
    """Draw positions and replacement decisions: `MaskingDraws`.

    Args:
        batch: `Batch`.
        special: `SpecialTokens`.
        most: int, N.
        random: `RandomStream`.
        distinct: bool, whether no position comes twice.
    """
    draw_positions = _draw_distinct if distinct else _draw_with_replacement
    allowed = candidates(batch, special)
    replace = random.uniform((ops.shape(allowed)[0], most), "replace")
    return MaskingDraws(draw_positions(allowed, most, random), replace)


def _draw_distinct(allowed, most: int, random):
    """The candidates with the largest of as many random numbers."""
    uniform = random.uniform(ops.shape(allowed), "positions")
    keys = ops.where(allowed, uniform + 1.0, 0.0)
    largest, positions = ops.top_k(keys, most)
    return ops.cast(positions, "int32") * ops.cast(largest > 0, "int32")


def _draw_with_replacement(allowed, most: int, random):
    """Candidates by their rank.

    The position of rank floor(u * candidates) is drawn for a uniform u, which
    needs N numbers a sequence where a categorical sampler needs N * L. A
    sequence without candidates yields position 0.
    """
    ranks = ops.cumsum(ops.cast(allowed, "int32"), axis=1)  # [B, L], from 1
    number = ops.cast(ranks[:, -1:], "float32")
    uniform = random.uniform((ops.shape(allowed)[0], most), "positions")
    wanted = ops.cast(ops.floor(uniform * number), "int32")
    # Rounding may give u * n == n for u just below 1.
    wanted = ops.minimum(wanted, ops.maximum(ranks[:, -1:] - 1, 0))
    # The first position with a rank above the wanted one, counted from 0.
    before = ops.cast(ranks[:, None, :] <= wanted[:, :, None], "int32")
    # Without candidates every position is "before": back to 0 by the product.
    return ops.sum(before, axis=2) * ops.cast(number > 0, "int32")


def mask_tokens(
    batch: Batch,
    special: SpecialTokens,
    mask_prob: float,
    draws: MaskingDraws,
    mask_token_share: float = MASK_TOKEN_SHARE,
    distinct: bool = False,
    whole_words: bool = False,
) -> Masked:
    """Hide the drawn tokens.

    Positions drawn with replacement, as in the released code, make a few
    sequences predict one token twice and have fewer hidden ones.

    Args:
        batch: `Batch`.
        special: `SpecialTokens`.
        mask_prob: float, the share of tokens to predict.
        draws: `MaskingDraws`; its N is the most positions a sequence.
        mask_token_share: float, how many of the chosen tokens to hide.
        distinct: bool, whether `draws` has distinct positions.
        whole_words: bool, whether `draws` are those of `whole_words.draw`,
            which says itself how many there are.

    Returns:
        `Masked`.
    """
    most = draws.positions.shape[1]
    if whole_words:
        number = ops.sum(ops.cast(draws.positions > 0, "int32"), axis=1)
    elif distinct:
        number = num_of_distinct(batch, special, mask_prob)  # [B]
    else:
        number = num_to_predict(batch.input_mask, mask_prob, most)  # [B]
    used = ops.cast(ops.arange(most)[None] < number[:, None], "int32")
    positions = draws.positions * used
    ids = ops.take_along_axis(batch.input_ids, positions, axis=1) * used
    hidden = ops.cast(draws.replace < mask_token_share, "int32")
    masked_ids, _ = scatter_average(
        batch.input_ids,
        updates=ops.full_like(positions, special.mask_id),
        positions=positions * hidden,
    )
    return Masked(
        input_ids=masked_ids,
        positions=positions,
        ids=ids,
        weights=ops.cast(used, "float32"),
    )
