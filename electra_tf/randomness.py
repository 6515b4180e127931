"""Random numbers as a function of (seed, step, example, name), and no state.

Keras draws the same dropout mask on every replica and keeps its seed in no
checkpoint. Here every draw names itself and belongs to an example of the
global batch. So a run that is resumed at step k draws what the uninterrupted
run would have drawn, and an example meets the same masks, samples and dropout
however many replicas or micro-batches share the batch.

TensorFlow backend only; without a stream, layers are deterministic and run on
every Keras backend.
"""

import hashlib
import math

import numpy as np
import tensorflow as tf
from keras import ops

# Philox makes 128 bits of one counter. It is named, because XLA's own choice
# is five times slower on a CPU.
_BITS_PER_COUNTER = 128
_PHILOX = 1


class RandomStream:
    """A source of random numbers for one training step of one replica.

    Args:
        seed: int, the seed of the run.
        step: int or integer tensor, the step of the run.
        first_example: int or integer tensor, the place in the global batch
            of this replica's first example.
        scope: str, prefix of the names of all draws; or a list of them, of
            which the integer tensor `index` chooses one.

    Example:

    >>> whole = RandomStream(seed=1, step=7)
    >>> second_half = RandomStream(seed=1, step=7, first_example=2)
    >>> a = whole.uniform((4, 8), "x").numpy()[2:]
    >>> b = second_half.uniform((2, 8), "x").numpy()
    >>> bool((a == b).all())
    True
    """

    def __init__(self, seed, step, first_example=0, scope="", index=None):
        self.seed = seed
        self.step = step
        self.first_example = first_example
        self.scope = scope
        self.index = index

    def child(self, name, index=None) -> "RandomStream":
        """Return a stream whose draws differ from this one's.

        Of a list of names the integer tensor `index` chooses one.
        """
        if index is not None:
            scope = [f"{self.scope}/{each}" for each in name]
        elif self.index is not None:
            scope = [f"{each}/{name}" for each in self.scope]
        else:
            scope = f"{self.scope}/{name}"
        index = self.index if index is None else index
        return RandomStream(
            self.seed, self.step, self.first_example, scope, index
        )

    def later(self, zero) -> "RandomStream":
        """Return this stream, whose draws wait for a number that is 0."""
        step = self.step + ops.cast(zero, "int64")
        return RandomStream(
            self.seed, step, self.first_example, self.scope, self.index
        )

    def uniform(self, shape, name: str):
        """Draw float32 numbers in [0, 1): multiples of 2^-24.

        They are made of Philox's bits here, because TensorFlow and XLA turn
        bits into fractions differently.

        Args:
            shape: ints or integer scalar tensors; the first axis is examples.
            name: str, the name of this draw in the stream's scope.
        """
        bits = tf.bitwise.right_shift(self._bits(shape, name, tf.uint32), 8)
        return tf.cast(tf.bitcast(bits, tf.int32), tf.float32) * 2.0**-24

    def keep_mask(self, shape, name: str, drop_rate: float):
        """Draw which elements dropout keeps: bool, 16 bits an element.

        With 16 bits instead of 32 dropout takes half the time on a CPU.

        Args:
            shape, name: as of `uniform`.
            drop_rate: float, a multiple of 2^-16 (`dropout_rate`).
        """
        dropped = tf.constant(round(drop_rate * 2**16), tf.uint16)
        return self._bits(shape, name, tf.uint16) >= dropped

    def _bits(self, shape, name: str, dtype):
        """Draw unsigned integers of 16 or 32 bits."""
        examples, *rest = shape
        each = _product(rest)
        per_counter = _BITS_PER_COUNTER // (8 * dtype.size)
        counters = -(-each // per_counter)  # Of an example, rounded up.
        skipped = tf.cast(self.first_example, tf.int64) * tf.cast(
            counters, tf.int64
        )
        numbers = tf.raw_ops.StatelessRandomUniformFullIntV2(
            shape=(examples, counters * _BITS_PER_COUNTER // 32),
            key=self._key(name),
            counter=tf.cast(
                tf.stack([skipped, tf.cast(self.step, tf.int64)]), tf.uint64
            ),
            alg=_PHILOX,
            dtype=tf.uint32,
        )
        numbers = tf.reshape(
            tf.bitcast(numbers, dtype), (examples, counters * per_counter)
        )
        return tf.reshape(numbers[:, :each], shape)

    def _key(self, name: str):
        """Return the uint64 [1] key of Philox for the draw called `name`.

        `StatelessRandomGetKeyCounter` would make another one in XLA.
        """
        scopes = self.scope if self.index is not None else [self.scope]
        keys = [_key(f"{self.seed}:{scope}/{name}") for scope in scopes]
        # Of a list of them TensorFlow would make floats on the way.
        keys = tf.constant(np.array(keys, np.uint64))
        return keys if self.index is None else tf.gather(keys, [self.index])


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _product(sizes: list):
    """The product of ints; a tensor when one of them is."""
    known = math.prod(size for size in sizes if isinstance(size, int))
    for size in sizes:
        if not isinstance(size, int):
            known = known * size
    return known


def dropout_rate(rate: float) -> float:
    """Return the multiple of 2^-16 that is nearest, but neither 0 nor 1.

    >>> dropout_rate(0.1), dropout_rate(1e-9) == 2**-16
    (0.100006103515625, True)
    """
    return min(max(round(rate * 2**16), 1), 2**16 - 1) / 2**16


def scoped(random: RandomStream | None, name: str) -> RandomStream | None:
    """Return `random.child(name)`, or None when nothing shall be random."""
    return None if random is None else random.child(name)
