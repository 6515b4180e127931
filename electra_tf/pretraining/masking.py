"""Hides the tokens to predict; `masking_strategies` chooses them.

B batch, L length, N chosen positions a sequence at most, V vocabulary, D any
size.
"""

from typing import Any, NamedTuple

from keras import ops


class SpecialTokens(NamedTuple):
    """Ids of the tokens that are never chosen."""

    cls_id: int
    sep_id: int
    mask_id: int


class Batch(NamedTuple):
    """Sequences as the records hold them, int32 `(B, L)` each."""

    input_ids: Any
    input_mask: Any
    segment_ids: Any


class MaskingConfig(NamedTuple):
    """Settings of masking, and what it knows of the vocabulary."""

    special: SpecialTokens
    mask_prob: float  # Share of the real tokens to choose.
    max_predictions_per_seq: int  # N.
    strategy: str = "with_replacement"  # A row of `STRATEGIES`.
    # Shares of the chosen tokens that become [MASK], all in the paper, and that
    # become another token; the rest stays as it is.
    mask_token_share: float = 0.85  # Of the released code.
    random_token_share: float = 0.0
    continues_word: Any = None  # Bool `(V,)`, to choose whole words.
    token_counts: Any = None  # Ints `(V,)` in the records, to choose rare ones.


class MaskingRandomInputs(NamedTuple):
    """The random choices that masking a batch consumes."""

    positions: Any  # Int32 `(B, N)`, those that a strategy chose.
    # Float32 `(B, N)` in [0, 1); a token becomes [MASK] when its number is
    # below the share of tokens that do, another token when it is below that and
    # the share of those together.
    replace: Any
    random_ids: Any = None  # Int32 `(B, N)`, these other tokens, if any.


class Masked(NamedTuple):
    """A batch with tokens to predict, in N slots; unused ones hold 0."""

    input_ids: Any  # Int32 `(B, L)`, most chosen tokens being [MASK].
    positions: Any  # Int32 `(B, N)`, where the chosen tokens stand.
    ids: Any  # Int32 `(B, N)`, the chosen tokens.
    weights: Any  # Float32 `(B, N)`, 1 in slots that are used.


def maskable(batch: Batch, special: SpecialTokens):
    """Mark the tokens that may be chosen: bool `(B, L)`."""
    allowed = ops.cast(batch.input_mask, "bool")
    for special_id in special:
        is_other = ops.not_equal(batch.input_ids, special_id)
        allowed = ops.logical_and(allowed, is_other)
    return allowed


def num_to_predict(input_mask, mask_prob: float, most: int):
    """Return how many tokens to predict in each sequence: int32 `(B,)`.

    The share `mask_prob` of the real tokens, special ones included, rounded
    half to even, at least 1 and `most` at most.

    >>> num_to_predict(np.ones((1, 50), "int32"), 0.15, 19).numpy().tolist()
    [8]
    """
    lengths = ops.cast(ops.sum(input_mask, axis=1), "float32")
    wanted = ops.round(lengths * ops.cast(mask_prob, "float32"))
    return ops.cast(ops.clip(wanted, 1, most), "int32")


def mask_tokens(
    batch: Batch, config: MaskingConfig, random: MaskingRandomInputs, number
) -> Masked:
    """Hide the tokens at `number`, int32 `(B,)`, of the positions.

    Positions drawn with replacement, as in the released code, make a few
    sequences predict one token twice and have fewer hidden ones.
    """
    slots = ops.arange(random.positions.shape[1], dtype="int32")[None]
    used = ops.cast(slots < number[:, None], "int32")
    positions = random.positions * used
    updates = ops.full_like(positions, config.special.mask_id)
    changed_share = config.mask_token_share
    if config.random_token_share:
        hidden = random.replace < config.mask_token_share
        updates = ops.where(hidden, updates, random.random_ids)
        changed_share += config.random_token_share
    changed = ops.cast(random.replace < changed_share, "int32")
    masked_ids, _ = scatter_average(
        batch.input_ids, updates, positions * changed
    )
    return Masked(
        input_ids=masked_ids,
        positions=positions,
        ids=gather_positions(batch.input_ids, positions) * used,
        weights=ops.cast(used, "float32"),
    )


def gather_positions(sequence, positions):
    """Take numbers `(B, L)` or vectors `(B, L, D)` at int32 `(B, N)`."""
    if len(sequence.shape) > len(positions.shape):
        positions = ops.expand_dims(positions, -1)
    return ops.take_along_axis(sequence, positions, axis=1)


def scatter_average(sequence, updates, positions):
    """Put updates at positions, int32 `(B, N)` each, as the released code does.

    Position 0 is never changed, so that unused slots can point to it. Where
    several updates meet, their sum is divided by their number, rounding
    down: two different tokens at one position become a third one.

    Returns the new sequence, int32 `(B, L)`, and which of its positions were
    replaced, bool `(B, L)`.

    >>> sequence, is_replaced = scatter_average(
    ...     np.array([[1, 2, 3]]), np.array([[7, 8, 9]]), np.array([[2, 2, 0]]))
    >>> sequence.numpy().tolist(), is_replaced.numpy().tolist()
    ([[1, 2, 7]], [[False, False, True]])
    """
    length = ops.shape(sequence)[1]
    places = ops.arange(length, dtype="int32")[None, None]
    hits = ops.logical_and(
        ops.equal(positions[:, :, None], places),
        ops.not_equal(positions, 0)[:, :, None],
    )  # [B, N, L]
    hits = ops.cast(hits, "int32")
    number = ops.sum(hits, axis=1)  # [B, L]
    total = ops.sum(hits * ops.cast(updates, "int32")[:, :, None], axis=1)
    is_replaced = number > 0
    averaged = ops.floor_divide(total, ops.maximum(number, 1))
    return ops.where(is_replaced, averaged, sequence), is_replaced
