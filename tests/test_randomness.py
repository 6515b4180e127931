import numpy as np
import pytest
import tensorflow as tf

from electra_tf.randomness import RandomStream, scoped

BASE = {"seed": 1, "step": 2, "replica": 3, "scope": "a"}


def draw(name="x", **changes):
    stream = RandomStream(**{**BASE, **changes})
    return stream.uniform((100,), name).numpy()


def test_same_key_draws_the_same():
    np.testing.assert_array_equal(draw(), draw())


@pytest.mark.parametrize(
    "change",
    [{"seed": 2}, {"step": 3}, {"replica": 0}, {"scope": "b"}, {"name": "y"}],
)
def test_every_part_of_the_key_matters(change):
    assert not np.any(draw() == draw(**change))


def test_steps_and_replicas_may_be_tensors():
    as_tensors = draw(
        step=tf.constant(2, tf.int64), replica=tf.constant(3, tf.int32)
    )
    np.testing.assert_array_equal(as_tensors, draw())


def test_compiled_draws_are_the_same():
    compiled = tf.function(
        lambda step: RandomStream(1, step).uniform((9,), "x")
    )
    np.testing.assert_array_equal(
        compiled(tf.constant(5)), RandomStream(1, 5).uniform((9,), "x")
    )


def test_draws_are_uniform():
    values = RandomStream(0, 0).uniform((100000,), "x").numpy()
    assert values.min() >= 0
    assert values.max() < 1
    # Four standard errors of the mean of a uniform distribution.
    assert abs(values.mean() - 0.5) < 4 / np.sqrt(12 * values.size)


def test_scoped():
    assert scoped(None, "x") is None
    assert scoped(RandomStream(0, 0), "x").scope == "/x"
