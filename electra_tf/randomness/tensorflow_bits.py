"""Philox's bits by TensorFlow's own operation, eager, in graphs and in XLA."""

import math

import numpy as np
import tensorflow as tf

# Philox makes 128 bits of one counter. It is named, because XLA's own choice
# is five times slower on a CPU.
_BITS_PER_COUNTER = 128
_PHILOX = 1


def draw(bits: int, shape, key: int, first_example, step):
    """Draw unsigned numbers; examples share no counter.

    Args:
        bits: int, 16 for uint16; 24 for int32, the upper bits of 32.
        shape: ints or integer scalar tensors; the first axis is examples.
        key: int of 64 bits, or what `chosen` returns.
        first_example, step: ints or integer tensors.
    """
    if isinstance(key, int):
        key = chosen([key], 0)
    examples, *rest = shape
    each = _product(rest)
    dtype = tf.uint16 if bits == 16 else tf.uint32
    per_counter = _BITS_PER_COUNTER // (8 * dtype.size)
    counters = -(-each // per_counter)  # Of an example, rounded up.
    skipped = tf.cast(first_example, tf.int64) * tf.cast(counters, tf.int64)
    counter = tf.stack([skipped, tf.cast(step, tf.int64)])
    numbers = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=(examples, counters * _BITS_PER_COUNTER // 32),
        # `StatelessRandomGetKeyCounter` would make another one in XLA.
        key=key,
        counter=tf.cast(counter, tf.uint64),
        alg=_PHILOX,
        dtype=tf.uint32,
    )
    numbers = tf.reshape(
        tf.bitcast(numbers, dtype), (examples, counters * per_counter)
    )
    numbers = tf.reshape(numbers[:, :each], shape)
    if bits == 16:
        return numbers
    return tf.bitcast(tf.bitwise.right_shift(numbers, 8), tf.int32)


def chosen(keys: list[int], index):
    """Return a key of several by its place, an int or an integer tensor."""
    # Of a list of them TensorFlow would make floats on the way.
    constants = tf.constant(np.array(keys, np.uint64))
    return constants if len(keys) == 1 else tf.gather(constants, [index])


def _product(sizes: list):
    """The product of ints; a tensor when one of them is."""
    known = math.prod(size for size in sizes if isinstance(size, int))
    for size in sizes:
        if not isinstance(size, int):
            known = known * size
    return known
