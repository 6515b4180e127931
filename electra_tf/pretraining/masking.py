"""Hiding the tokens to predict; which they are, `maskings` says.

B batch, L length, N positions a sequence at most, V vocabulary.
"""

import typing

from keras import ops

from electra_tf.pretraining.positions import scatter_average

# The share of chosen tokens that becomes [MASK]; the others stay as they
# are. The released code has this, the paper masks all (section 2).
MASK_TOKEN_SHARE = 0.85


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
        positions: int32 `(B, N)`, what a function of
            `electra_tf.pretraining.maskings` chose.
        replace: float32 `(B, N)` in [0, 1); a token becomes [MASK] when its
            number is below the share of tokens that do, another token when
            it is below that and the share of those together.
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


def mask_tokens(
    batch: Batch,
    special: SpecialTokens,
    draws: MaskingDraws,
    number,
    mask_token_share: float = MASK_TOKEN_SHARE,
    random_token_share: float = 0.0,
    random_ids=None,
) -> Masked:
    """Hide the drawn tokens.

    Positions drawn with replacement, as in the released code, make a few
    sequences predict one token twice and have fewer hidden ones.

    Args:
        batch: `Batch`.
        special: `SpecialTokens`.
        draws: `MaskingDraws`; its N is the most positions a sequence.
        number: int32 `(B,)`, how many of the positions to use.
        mask_token_share: float, how many of the chosen tokens to hide.
        random_token_share: float, how many of them to replace by other
            tokens; the rest stay as they are.
        random_ids: int32 `(B, N)`, those tokens; needed for such a share.

    Returns:
        `Masked`.
    """
    most = draws.positions.shape[1]
    used = ops.cast(ops.arange(most)[None] < number[:, None], "int32")
    positions = draws.positions * used
    ids = ops.take_along_axis(batch.input_ids, positions, axis=1) * used
    updates = ops.full_like(positions, special.mask_id)
    changed_share = mask_token_share
    if random_token_share:
        hidden = draws.replace < mask_token_share
        updates = ops.where(hidden, updates, random_ids)
        changed_share += random_token_share
    changed = ops.cast(draws.replace < changed_share, "int32")
    masked_ids, _ = scatter_average(
        batch.input_ids, updates=updates, positions=positions * changed
    )
    return Masked(
        input_ids=masked_ids,
        positions=positions,
        ids=ids,
        weights=ops.cast(used, "float32"),
    )
