"""Random numbers as a function of (seed, step, example, name), and no state.

Keras draws the same dropout mask on every replica and keeps its seed in no
checkpoint. Here every draw names itself and belongs to an example of the
global batch. So a run that is resumed at step k draws what the uninterrupted
run would have drawn, and an example meets the same masks, samples and dropout
however many replicas or micro-batches share the batch.

The numbers are Philox's (Salmon et al., 2011), its key being a hash of seed and
name, its counter the example and the step. TensorFlow has it as an operation;
for Keras' other backends it is written in arrays. All draw the same bits.
"""

import dataclasses
import hashlib
from typing import Any

import keras
from keras import ops

if keras.backend.backend() == "tensorflow":
    from electra_tf.randomness.tensorflow_bits import chosen, draw
else:
    from electra_tf.randomness.array_bits import chosen, draw


@dataclasses.dataclass(frozen=True, eq=False)
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

    seed: Any
    step: Any
    first_example: Any = 0
    scope: Any = ""
    index: Any = None

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
        return dataclasses.replace(self, scope=scope, index=index)

    def later(self, zero) -> "RandomStream":
        """Return this stream, whose draws wait for a number that is 0."""
        step = self.step + ops.cast(zero, "int64")
        return dataclasses.replace(self, step=step)

    def uniform(self, shape, name: str):
        """Draw float32 numbers in [0, 1): multiples of 2^-24.

        They are made of Philox's bits here, because backends and compilers
        turn bits into fractions differently.

        Args:
            shape: ints or integer scalar tensors; the first axis is examples.
            name: str, the name of this draw in the stream's scope.
        """
        return ops.cast(self._bits(24, shape, name), "float32") * 2.0**-24

    def keep_mask(self, shape, name: str, drop_rate: float):
        """Draw which elements dropout keeps: bool, 16 bits an element.

        With 16 bits instead of 32 dropout takes half the time on a CPU.

        Args:
            shape, name: as of `uniform`.
            drop_rate: float, a multiple of 2^-16 (`dropout_rate`).
        """
        return self._bits(16, shape, name) >= round(drop_rate * 2**16)

    def _bits(self, number: int, shape, name: str):
        scopes = self.scope if self.index is not None else [self.scope]
        keys = [_key(f"{self.seed}:{scope}/{name}") for scope in scopes]
        key = keys[0] if self.index is None else chosen(keys, self.index)
        return draw(number, shape, key, self.first_example, self.step)


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def dropout_rate(rate: float) -> float:
    """Return the multiple of 2^-16 that is nearest, but neither 0 nor 1.

    >>> dropout_rate(0.1), dropout_rate(1e-9) == 2**-16
    (0.100006103515625, True)
    """
    return min(max(round(rate * 2**16), 1), 2**16 - 1) / 2**16


def scoped(random: RandomStream | None, name: str) -> RandomStream | None:
    """Return `random.child(name)`, or None when nothing shall be random."""
    return None if random is None else random.child(name)
