"""Other ways through the blocks: the same loss and gradients, dropout on."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.layers.precision import precision
from electra_tf.randomness import RandomStream
from tests import tiny

WAYS = {
    "eager": lambda function: function,
    "graph": tf.function,
    "XLA": lambda function: tf.function(function, jit_compile=True),
}


def loss_and_gradients(way, number_format="float32", change=None, **options):
    """Return them of an encoder of three layers, one step's dropout on."""
    keras.utils.set_random_seed(0)
    with precision(number_format):
        encoder = Encoder(tiny.encoder(num_hidden_layers=3), **options)
    encoder.build()
    if change is not None:
        change(encoder)
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
def reference(number_format: str, change=None):
    """Return loss and gradients of plain layers, run one by one."""
    return loss_and_gradients("eager", number_format, change)


def assert_same(options: dict, way: str, number_format="float32", change=None):
    loss, gradients = reference(number_format, change)
    again, others = loss_and_gradients(way, number_format, change, **options)
    np.testing.assert_allclose(again, loss, rtol=1e-5)
    assert others.keys() == gradients.keys()
    for path, gradient in gradients.items():
        np.testing.assert_allclose(
            others[path], gradient, rtol=1e-4, atol=1e-5, err_msg=path
        )


@pytest.mark.parametrize("way", WAYS)
def test_recomputed_layers(way):
    assert_same({"recompute": True}, way)


@pytest.mark.parametrize(
    ("way", "recompute"),
    [
        *(("graph", False), ("graph", True), ("XLA", False)),
        pytest.param("XLA", True, marks=pytest.mark.slow),
    ],
)
def test_scanned_layers(way, recompute):
    assert_same({"scan": True, "recompute": recompute}, way)


def test_recomputed_layers_in_float16():
    assert_same({"recompute": True}, "graph", "float16")


def freeze_attention(encoder):
    for block in encoder.blocks:
        block.attention.trainable = False


def freeze_the_first_and_biases_of_the_last(encoder):
    encoder.blocks[0].trainable = False
    encoder.blocks[2].intermediate.bias.trainable = False


def freeze_all(encoder):
    encoder.trainable = False


@pytest.mark.parametrize(
    "options",
    [{"scan": True}, {"scan": True, "recompute": True}, {"recompute": True}],
    ids=lambda options: " ".join(options),
)
@pytest.mark.parametrize(
    "change",
    [freeze_attention, freeze_the_first_and_biases_of_the_last, freeze_all],
)
def test_frozen_weights_are_those_of_each_layer(change, options):
    assert_same(options, "graph", change=change)


def lora(encoder):
    for block in encoder.blocks:
        block.intermediate.enable_lora(2)
        block.intermediate.lora_kernel_b.assign(
            keras.random.normal((2, 16), seed=int(block.name[-1]))
        )


def test_scanned_layers_have_their_own_lora():
    assert_same({"scan": True}, "graph", change=lora)


@pytest.mark.parametrize(
    "change",
    [
        lambda block: block.intermediate.enable_lora(2),
        lambda block: block.attention.query.quantize("int8"),
        lambda block: setattr(block.output_dropout, "rate", 0.3),
    ],
    ids=["LoRA", "int8", "dropout"],
)
def test_blocks_that_differ_are_not_scanned(change):
    encoder = Encoder(tiny.encoder(), scan=True)
    encoder.build()
    change(encoder.blocks[1])
    with pytest.raises(UserError, match="layer_1, which differs from layer_0"):
        encoder(*tiny.batch(), random=RandomStream(1, 0))


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
