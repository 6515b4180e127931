"""Draws are equal to the bit in eager mode, in a graph and by XLA."""

import hashlib

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.pretraining import masking_strategies
from electra_tf.pretraining.masking import MaskingConfig
from electra_tf.randomness import RandomStream
from tests import tiny
from tests.test_randomness import philox

RELEASED = "with_replacement"
KEY = int.from_bytes(hashlib.blake2b(b"3:/a/x", digest_size=8).digest(), "big")


def everywhere(function, *arguments) -> list[np.ndarray]:
    """Results of a function, eager first; they must be equal to the bit."""
    ways = (
        function,
        tf.function(function),
        tf.function(function, jit_compile=True),
    )
    results = [tf.nest.flatten(way(*arguments)) for way in ways]
    for others in results[1:]:
        for one, other in zip(results[0], others, strict=True):
            np.testing.assert_array_equal(one, other)
    return [result.numpy() for result in results[0]]


def words(counter: int, step: int) -> list[int]:
    return philox(counter + (step << 64), KEY)


# Counters of more than 32 bits, too: 4 numbers or 8 elements take one each.
@pytest.mark.parametrize(
    "step, first, dtype",
    [
        pytest.param(0, 0, tf.int32, marks=pytest.mark.slow),
        pytest.param(10_000_000, 67_583, tf.int32, marks=pytest.mark.slow),
        (2**31 - 1, 2**31 - 2, tf.int64),
    ],
)
def test_places_far_into_a_run(step, first, dtype):
    def draws(step, first):
        stream = RandomStream(3, step, first, "/a")
        return stream.uniform((2, 9), "x"), stream.keep_mask((2, 9), "x", 0.5)

    numbers, kept = everywhere(
        draws, tf.constant(step, dtype), tf.constant(first, dtype)
    )
    for row in range(2):
        example = first + row
        # Nine numbers take three counters, nine elements two.
        of_numbers = [w for c in range(3) for w in words(3 * example + c, step)]
        expected = [(word >> 8) / 2**24 for word in of_numbers[:9]]
        assert numbers[row].tolist() == expected
        of_mask = [w for c in range(2) for w in words(2 * example + c, step)]
        halves = [half for w in of_mask for half in (w % 2**16, w >> 16)]
        assert kept[row].tolist() == [half >= 2**15 for half in halves[:9]]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1_000_000,), (1, 1_000_000), (1000, 1000)])
def test_a_million(shape):
    def draws(step):
        stream = RandomStream(1, step)
        return stream.uniform(shape, "x"), stream.keep_mask(shape, "y", 0.1)

    numbers, _ = everywhere(draws, tf.constant(5))
    assert numbers.shape == shape


@pytest.mark.parametrize(
    "strategy",
    [
        pytest.param(s, marks=() if s == RELEASED else pytest.mark.slow)
        for s in masking_strategies.STRATEGIES
    ],
)
def test_masks(strategy):
    """What is hidden, and what is put there."""
    config = MaskingConfig(
        tiny.SPECIAL,
        0.3,
        4,
        strategy,
        mask_token_share=0.8,
        random_token_share=0.1,
        continues_word=tiny.CONTINUES,
        token_counts=tiny.TOKEN_COUNTS,
    )

    def masks(step):
        choices = masking_strategies.draw(
            batch, config, tiny.VOCAB_SIZE, RandomStream(1, step)
        )
        return masking_strategies.mask(batch, config, choices)

    batch = type(tiny.batch())(*map(tf.constant, tiny.batch(size=64)))
    everywhere(masks, tf.constant(2))
