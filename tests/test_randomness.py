import hashlib

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.randomness import (
    RandomStream,
    array_bits,
    dropout_rate,
    scoped,
    tensorflow_bits,
)

BASE = {"seed": 1, "step": 2, "first_example": 3, "scope": "a"}


def draw(name="x", **changes):
    stream = RandomStream(**{**BASE, **changes})
    return stream.uniform((100, 1), name).numpy()


def test_same_key_draws_the_same():
    np.testing.assert_array_equal(draw(), draw())


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"step": 3},
        {"first_example": 0},
        {"scope": "b"},
        {"name": "y"},
    ],
)
def test_every_part_of_the_key_matters(change):
    assert not np.any(draw() == draw(**change))


def test_steps_and_examples_may_be_tensors():
    as_tensors = draw(
        step=tf.constant(2, tf.int64), first_example=tf.constant(3, tf.int32)
    )
    np.testing.assert_array_equal(as_tensors, draw())


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("shape", [(), (3,), (8,), (4, 33, 128), (5, 3)])
def test_an_example_draws_the_same_in_any_part_of_the_batch(jit_compile, shape):
    @tf.function(jit_compile=jit_compile)
    def part(first, size):
        stream = RandomStream(1, tf.constant(2), first_example=first)
        return stream.uniform((size, *shape), "x")

    whole = part(tf.constant(0), 12).numpy()
    assert len(np.unique(whole)) > 0.9 * whole.size
    parts = [part(tf.constant(first), 4).numpy() for first in (0, 4, 8)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_shapes_may_be_tensors():
    @tf.function
    def drawn(inputs):
        shape = tf.unstack(tf.shape(inputs))
        return RandomStream(1, 2).uniform(shape, "x")

    expected = RandomStream(1, 2).uniform((3, 5, 2), "x")
    np.testing.assert_array_equal(drawn(np.zeros((3, 5, 2))), expected)


def keep_mask(stream, shape, name):
    return stream.keep_mask(shape, name, 0.25)


@pytest.mark.parametrize("shape", [(1,), (9, 3), (4, 33, 7), (8, 125_000)])
@pytest.mark.parametrize("draw", [RandomStream.uniform, keep_mask])
def test_eager_graph_and_xla_draw_the_same_bits(draw, shape):
    def function(step):
        return draw(RandomStream(1, step, first_example=2), shape, "x")

    step = tf.constant(5)
    eager = function(step).numpy()
    for jit_compile in (False, True):
        compiled = tf.function(function, jit_compile=jit_compile)
        np.testing.assert_array_equal(compiled(step), eager)


def philox(counter: int, key: int) -> list[int]:
    """Return four 32-bit numbers (Philox4x32-10, Salmon et al. 2011)."""
    low = 2**32 - 1
    c = [counter >> shift & low for shift in (0, 32, 64, 96)]
    k = [key & low, key >> 32]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [b >> 32 ^ c[1] ^ k[0], b & low, a >> 32 ^ c[3] ^ k[1], a & low]
        k = [k[0] + 0x9E3779B9 & low, k[1] + 0xBB67AE85 & low]
    return c


def test_uniform_numbers_are_the_24_upper_bits_of_philox():
    # The authors' own example.
    known = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox(0, 0) == known
    stream = RandomStream(seed=3, step=7, first_example=5, scope="/a")
    digest = hashlib.blake2b(b"3:/a/x", digest_size=8).digest()
    key = int.from_bytes(digest, "big")
    # Six numbers take two counters an example.
    expected = [
        [
            (bits >> 8) / 2**24
            for counter in (2 * example, 2 * example + 1)
            for bits in philox(counter + (7 << 64), key)
        ][:6]
        for example in (5, 6)
    ]
    assert stream.uniform((2, 6), "x").numpy().tolist() == expected


@pytest.mark.parametrize(
    "first_example, step", [(0, 0), (2**31 - 1, 2**31 - 1)]
)
@pytest.mark.parametrize("shape", [(3,), (9, 3), (4, 33, 7), (8, 125_000)])
@pytest.mark.parametrize("bits", [16, 24])
def test_arrays_have_the_bits_of_tensorflow(bits, shape, first_example, step):
    of_arrays, of_tensorflow = (
        backend.draw(bits, shape, 0xFEDCBA9876543210, first_example, step)
        for backend in (array_bits, tensorflow_bits)
    )
    np.testing.assert_array_equal(of_arrays, of_tensorflow)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9999])
def test_as_much_is_dropped_as_asked_for(rate):
    rate = dropout_rate(rate)
    keep = RandomStream(0, 0).keep_mask((1000, 1000), "x", rate).numpy()
    error = np.sqrt(rate * (1 - rate) / keep.size)
    assert abs(keep.mean() - (1 - rate)) < 4 * error


def test_a_rate_is_neither_0_nor_1():
    assert dropout_rate(1e-9) == 2**-16
    assert dropout_rate(1 - 1e-9) == 1 - 2**-16


def test_draws_are_uniform():
    values = RandomStream(0, 0).uniform((1000, 100), "x").numpy()
    assert values.min() >= 0
    assert values.max() < 1
    # Four standard errors of the mean of a uniform distribution.
    assert abs(values.mean() - 0.5) < 4 / np.sqrt(12 * values.size)


def test_scoped():
    assert scoped(None, "x") is None
    assert scoped(RandomStream(0, 0), "x").scope == "/x"
