import numpy as np
import pytest
import tensorflow as tf

from electra_tf.randomness import RandomStream, scoped

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


def test_compiled_draws_are_the_same():
    compiled = tf.function(
        lambda step: RandomStream(1, step).uniform((9, 3), "x")
    )
    np.testing.assert_array_equal(
        compiled(tf.constant(5)), RandomStream(1, 5).uniform((9, 3), "x")
    )


def test_draws_are_uniform():
    values = RandomStream(0, 0).uniform((1000, 100), "x").numpy()
    assert values.min() >= 0
    assert values.max() < 1
    # Four standard errors of the mean of a uniform distribution.
    assert abs(values.mean() - 0.5) < 4 / np.sqrt(12 * values.size)


def test_scoped():
    assert scoped(None, "x") is None
    assert scoped(RandomStream(0, 0), "x").scope == "/x"
