"""Other ways through the blocks: the same loss and gradients, dropout on."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.encoder import Encoder
from electra_tf.layers.precision import precision
from electra_tf.randomness import RandomStream
from tests import tiny

WAYS = {
    "eager": lambda function: function,
    "graph": tf.function,
    "XLA": lambda function: tf.function(function, jit_compile=True),
}


def loss_and_gradients(way, number_format="float32", **options):
    """Return them of an encoder of three layers, one step's dropout on."""
    keras.utils.set_random_seed(0)
    with precision(number_format):
        encoder = Encoder(tiny.encoder(num_hidden_layers=3), **options)
    encoder.build()
    variables = {v.path: v.value for v in encoder.trainable_variables}
    inputs = tiny.batch()

    def function(step):
        with tf.GradientTape() as tape:
            output = encoder(*inputs, random=RandomStream(1, step))
            weights = tf.cast(range(8), output.sequence_output.dtype)
            loss = tf.reduce_mean(output.sequence_output * weights)
        return loss, tape.gradient(loss, variables)

    loss, gradients = WAYS[way](function)(tf.constant(7, tf.int64))
    return loss, {k: np.array(tf.convert_to_tensor(v), np.float32)
                  for k, v in gradients.items()}  # fmt: skip


@functools.cache
def reference(number_format: str):
    """Return loss and gradients of plain layers, run one by one."""
    return loss_and_gradients("eager", number_format)


def assert_same(options: dict, way: str, number_format="float32"):
    loss, gradients = reference(number_format)
    again, others = loss_and_gradients(way, number_format, **options)
    np.testing.assert_allclose(again, loss, rtol=1e-5)
    assert others.keys() == gradients.keys()
    for path, gradient in gradients.items():
        np.testing.assert_allclose(
            others[path], gradient, rtol=1e-4, atol=1e-5, err_msg=path
        )


@pytest.mark.parametrize("way", WAYS)
def test_recomputed_layers(way):
    assert_same({"recompute": True}, way)


@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("way", ["graph", "XLA"])
def test_scanned_layers(way, recompute):
    assert_same({"scan": True, "recompute": recompute}, way)


def test_recomputed_layers_in_float16():
    assert_same({"recompute": True}, "graph", "float16")


def test_recomputing_keeps_less():
    """What the backward pass is given does not grow with the layers' width."""
    from tests.efficiency import graph_products

    def kept(**options) -> int:
        encoder = Encoder(tiny.encoder(num_hidden_layers=3), **options)
        encoder.build()

        @tf.function
        def function(step):
            with tf.GradientTape() as tape:
                output = encoder(*tiny.batch(), random=RandomStream(1, step))
                loss = tf.reduce_sum(output.sequence_output)
            weights = [v.value for v in encoder.trainable_variables]
            return tape.gradient(loss, weights)

        step = tf.TensorSpec([], tf.int64)
        graph = function.get_concrete_function(step).graph
        return graph_products.kept_bytes(graph)

    assert kept(recompute=True) < kept() / 2
