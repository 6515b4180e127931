"""Sums over an evaluation set, whatever calls they are divided over."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import Stopped
from electra_tf.randomness import RandomStream
from electra_tf.training import distribution
from electra_tf.training.step import Evaluator
from tests.replicas import two_replicas

BATCHES, SIZE = 5, 4


class Asked:
    """A request to stop that comes after a number of calls, or never."""

    def __init__(self, calls=999):
        self.calls = calls

    def __bool__(self):
        self.calls -= 1
        return self.calls < 0


def evaluator(strategy, stop=None) -> Evaluator:
    def dataset(context):
        examples = tf.data.Dataset.range(BATCHES * SIZE, output_type=tf.float32)
        return examples.batch(SIZE // context.num_replicas_in_sync)

    def sums(batch, random):
        drawn = random.uniform((tf.shape(batch)[0], 1), "x")
        return {"drawn": tf.reduce_sum(drawn), "examples": tf.reduce_sum(batch)}

    data = distribution.distribute(dataset, strategy)
    return Evaluator(sums, dict, data, strategy, 7, stop)


@pytest.mark.parametrize("stop", [None, Asked()], ids=["at once", "in calls"])
@pytest.mark.parametrize("number", [3, BATCHES, -1, 99])
@pytest.mark.parametrize(
    "strategy", [tf.distribute.get_strategy, two_replicas], ids=["one", "two"]
)
def test_sums(strategy, number, stop):
    taken = number if number == 3 else BATCHES
    made = evaluator(strategy(), stop)
    found = made.evaluate(number)
    assert made.batches == taken
    drawn = [
        RandomStream("evaluation 7", step).uniform((SIZE, 1), "x")
        for step in range(taken)
    ]
    assert found["examples"] == sum(range(taken * SIZE))
    np.testing.assert_allclose(found["drawn"], np.sum(drawn), rtol=1e-6)
    assert made.evaluate(number) == found


def test_asked_to_stop():
    with pytest.raises(Stopped):
        evaluator(tf.distribute.get_strategy(), Asked(1)).evaluate(-1)


def test_shapes_are_known():
    """As TPUs need; TensorFlow allows for replicas without a batch."""
    shapes = set()

    def dataset(context):
        return tf.data.Dataset.range(8).batch(2, drop_remainder=True)

    def sums(batch, random):
        shapes.add(tuple(batch.shape))
        return {"sum": tf.reduce_sum(batch)}

    data = distribution.distribute(dataset, two_replicas())
    made = Evaluator(sums, dict, data, two_replicas(), 7)
    assert made.evaluate(-1) == {"sum": 28}
    assert shapes == {(2,)}
