"""Reading and writing chosen positions of sequences.

B batch, L length, N chosen positions, D any size.
"""

from keras import ops


def gather_positions(sequence, positions):
    """Read vectors at positions: `(B, L, D)` and `(B, N)` to `(B, N, D)`."""
    return ops.take_along_axis(sequence, ops.expand_dims(positions, -1), axis=1)


def scatter_average(sequence, updates, positions):
    """Write tokens at positions, as the released code does.

    Position 0 is never written, so that unused slots can point to it. Where
    several updates meet, their sum is divided by their number, rounding
    down: two different tokens at one position become a third one.

    Args:
        sequence: int32 `(B, L)`.
        updates: int32 `(B, N)`, the tokens to write.
        positions: int32 `(B, N)`.

    Returns:
        The new sequence, int32 `(B, L)`, and what was written, bool `(B, L)`.

    Example:

    >>> sequence, written = scatter_average(
    ...     np.array([[1, 2, 3]]), np.array([[7, 8, 9]]), np.array([[2, 2, 0]]))
    >>> sequence.numpy().tolist(), written.numpy().tolist()
    ([[1, 2, 7]], [[False, False, True]])
    """
    length = ops.shape(sequence)[1]
    hits = ops.logical_and(
        ops.equal(positions[:, :, None], ops.arange(length)[None, None]),
        ops.not_equal(positions, 0)[:, :, None],
    )  # [B, N, L]
    hits = ops.cast(hits, "int32")
    number = ops.sum(hits, axis=1)  # [B, L]
    total = ops.sum(hits * ops.cast(updates, "int32")[:, :, None], axis=1)
    written = number > 0
    averaged = ops.floor_divide(total, ops.maximum(number, 1))
    return ops.where(written, averaged, sequence), written
