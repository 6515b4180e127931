"""Choosing whole words to predict.

A word begins at a piece that does not continue the one before (`##` in the
vocabulary), so records need nothing more than ids. Words are taken in random
order until the next one would be too many; from there on only words of one
piece are, until the number is reached. So a sequence that has enough of those
predicts exactly as many pieces as it shall, all of them of whole words.

Source: BERT's whole word masking, https://github.com/google-research/bert,
which after the first word that is too long goes on with any that fits.

B batch, L length, N positions a sequence at most, V vocabulary.
"""

from keras import ops

from electra_tf.pretraining.masking import Batch, SpecialTokens, candidates


def draw(
    batch: Batch,
    special: SpecialTokens,
    continues_word,
    mask_prob: float,
    most: int,
    random,
):
    """Draw positions.

    Args:
        batch: `Batch`.
        special: `SpecialTokens`.
        continues_word: bool `(V,)`, which pieces continue a word.
        mask_prob: float, the share of real tokens, special ones included, to
            choose: on average, as their number is rounded up or down at
            random; at least 1.
        most: int, N.
        random: `RandomStream`.

    Returns:
        Int32 `(B, N)`; unused slots come last and point at position 0.
    """
    size, length = ops.shape(batch.input_ids)
    allowed = candidates(batch, special)
    continues = ops.take(
        ops.convert_to_tensor(continues_word, "bool"), batch.input_ids
    )
    real = ops.cast(ops.sum(batch.input_mask, axis=1, keepdims=True), "float32")
    up_or_down = random.uniform((size, 1), "number")
    wanted = ops.cast(ops.floor(real * mask_prob + up_or_down), "int32")
    chosen = choose(
        allowed,
        ops.logical_and(allowed, continues),
        ops.clip(wanted, 1, most),
        random.uniform((size, length), "words"),
    )
    return _first_slots(chosen, most)


def choose(allowed, continues, wanted, uniform):
    """Mark pieces of whole words: bool `(B, L)`.

    Args:
        allowed: bool `(B, L)`, the pieces that may be chosen.
        continues: bool `(B, L)`, of these, which continue a word.
        wanted: int32 `(B, 1)`, how many to choose.
        uniform: float32 `(B, L)`, random numbers; the one where a word
            begins decides the word's turn.

    >>> choose(np.array([[True] * 5]), np.array([[0, 0, 1, 1, 0]]) > 0,
    ...     np.array([[2]]), np.array([[0.3, 0.1, 0, 0, 0.2]])).numpy()
    array([[ True, False, False, False,  True]])
    """
    turns = _turns(allowed, continues, uniform)
    order = ops.argsort(turns, axis=1)  # Pieces of a word stay together.
    sorted_turns = ops.take_along_axis(turns, order, axis=1)
    words = ops.floor_divide(sorted_turns, ops.shape(turns)[1])
    place = ops.arange(ops.shape(turns)[1])[None]
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
    """Numbers that sort pieces by their words' turns: int32 `(B, L)`.

    Divided by L they are the word's turn, equal for all its pieces. What may
    not be chosen comes last, each a word of its own.
    """
    length = ops.shape(allowed)[1]
    place = ops.broadcast_to(ops.arange(length)[None], ops.shape(allowed))
    # A candidate continues a word only if the one before is a candidate.
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


def _first_slots(chosen, most: int):
    """Positions of what is chosen: int32 `(B, N)`, 0 where there is no more."""
    length = ops.shape(chosen)[1]
    place = ops.arange(length)[None]
    first = ops.sort(ops.where(chosen, place, length), axis=1)[:, :most]
    return ops.cast(ops.where(first < length, first, 0), "int32")
