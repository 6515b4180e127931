"""Philox's bits in arithmetic of arrays: JAX's, or NumPy's.

On JAX's backend it can be compiled, and `step` and `first_example` may be
traced. E examples, C counters an example; a counter makes four words.
"""

import math

import keras
import numpy as np

if keras.backend.backend() == "jax":
    import jax
    import jax.numpy as xp
else:
    jax, xp = None, np

# Of Philox4x32-10: rounds, multipliers, and what the key grows by.
_ROUNDS = 10
_FACTORS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_WORD = 2**32 - 1


def draw(bits: int, shape, key: int, first_example, step):
    """Draw what `electra_tf.randomness.tensorflow_bits.draw` draws.

    Args:
        bits: int, 16 for uint32 below 2^16; 24 for int32.
        shape: ints; the first axis is examples.
        key: int of 64 bits.
        first_example, step: ints or integer arrays, below 2^31.
    """
    examples, *rest = shape
    each = math.prod(rest)
    per_counter = 8 if bits == 16 else 4
    counters = -(-each // per_counter)
    numbers = _interleaved(
        _philox(_counters(examples, counters, first_example, step), key)
    )
    if bits == 16:
        numbers = _interleaved([numbers & 0xFFFF, numbers >> 16])
    else:
        numbers = (numbers >> 8).astype("int32")
    return numbers[:, :each].reshape(shape)


def chosen(keys: list[int], index: int) -> int:
    """Return a key of several by its place, which may not be traced."""
    return keys[int(index)]


def _counters(examples: int, counters: int, first_example, step) -> list:
    """Return the four words of each counter, which broadcast to `(E, C)`."""
    first, step = (
        xp.asarray(number).astype("uint32").reshape(1, 1)
        for number in (first_example, step)
    )
    example = first + xp.arange(examples, dtype="uint32")[:, None]
    place = xp.arange(counters, dtype="uint32")
    low = example * np.uint32(counters) + place
    carried = (low < place).astype("uint32")
    high = _high_word(example, counters) + carried
    return [low, high, step, xp.zeros_like(step)]


def _philox(words: list, key: int) -> list:
    """Return four words of each counter's four."""
    keys = [key & _WORD, key >> 32]
    for _ in range(_ROUNDS):
        first, second = words[0], words[2]
        words = [
            _high_word(second, _FACTORS[1]) ^ words[1] ^ np.uint32(keys[0]),
            second * np.uint32(_FACTORS[1]),
            _high_word(first, _FACTORS[0]) ^ words[3] ^ np.uint32(keys[1]),
            first * np.uint32(_FACTORS[0]),
        ]
        keys = [
            key + step & _WORD
            for key, step in zip(keys, _KEY_STEPS, strict=True)
        ]
    return words


def _high_word(words, factor: int):
    """Return the upper 32 bits of products of 64."""
    if jax and hasattr(jax.lax, "mulhi"):
        return jax.lax.mulhi(words, xp.full_like(words, np.uint32(factor)))
    # In halves, because JAX has no integers of 64 bits unless told to.
    low, high = factor & 0xFFFF, factor >> 16
    middle = (words >> 16) * low + ((words & 0xFFFF) * low >> 16)
    other = (words & 0xFFFF) * high + (middle & 0xFFFF)
    return (words >> 16) * high + (middle >> 16) + (other >> 16)


def _interleaved(parts: list):
    """Return `(E, P * C)` of P parts `(E, C)`, one of each in turn."""
    if jax:
        # Else every number would be computed P times over.
        parts = jax.lax.optimization_barrier(parts)
    # A choice, not a stack, which XLA makes number by number on a CPU.
    turn = xp.arange(len(parts))
    chosen = parts[0][..., None]
    for number, part in enumerate(parts[1:], start=1):
        chosen = xp.where(turn == number, part[..., None], chosen)
    return chosen.reshape(len(chosen), -1)
