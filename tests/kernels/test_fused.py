"""Fused chains: values and gradients of the layers that they stand for."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.kernels import fused
from electra_tf.layers.bert_conventions import activation, layer_normalization

# Few numbers are computed operation by operation, many are compiled.
SHAPES = [(2, 3, 8), (2, 512, 256)]
RNG = np.random.default_rng(0)


def drawn(*shape):
    return tf.constant(RNG.normal(size=shape), tf.float32)


def assert_same(function, expected, inputs):
    """Compare values and the gradients by all inputs."""
    results = []
    for each in (function, expected):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            values = each(*inputs)
            weights = tf.reshape(tf.range(tf.size(values)) % 7, values.shape)
            loss = tf.reduce_sum(values * tf.cast(weights, values.dtype))
        results.append([values, *tape.gradient(loss, inputs)])
    for ours, others in zip(*results, strict=True):
        np.testing.assert_allclose(ours, others, rtol=1e-4, atol=1e-4)


def test_shapes_are_on_both_sides():
    few, many = (np.prod(shape) for shape in SHAPES)
    assert few < fused.COMPILED_NUMBERS <= many


@pytest.mark.parametrize("shape", SHAPES)
def test_gelu_of_a_sum(shape):
    gelu = activation("gelu")
    inputs = [drawn(*shape), drawn(shape[-1])]
    assert_same(fused.bias_gelu, lambda x, bias: gelu(x + bias), inputs)


@pytest.mark.parametrize("has_dropout", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_norm_of_a_residual_sum(shape, has_dropout):
    layer = layer_normalization()
    layer.build(shape)
    keep, scale = tf.constant(RNG.random(shape) < 0.9), 1 / 0.9
    dropout = (keep, scale) if has_dropout else None
    factor = tf.cast(keep, tf.float32) * scale if has_dropout else 1.0

    def expected(inputs, bias, residual, gamma, beta):
        summed = residual + (inputs + bias) * factor
        pairs = [(layer.gamma, gamma), (layer.beta, beta)]
        with keras.StatelessScope(pairs):
            return layer(summed)

    columns = shape[-1]
    inputs = [drawn(*shape), drawn(columns), drawn(*shape)]
    assert_same(
        lambda *args: fused.residual_norm(*args, dropout, layer.epsilon),
        expected,
        [*inputs, drawn(columns), drawn(columns)],
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_cross_entropy(shape):
    ids = tf.constant(RNG.integers(shape[-1], size=shape[:-1]), tf.int32)

    def expected(logits):
        return tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits)

    logits = drawn(*shape) * 30
    assert_same(lambda x: fused.cross_entropy(x, ids), expected, [logits])


def test_results_have_the_format_of_the_inputs():
    inputs, bias = (tf.cast(drawn(*s), tf.bfloat16) for s in ((2, 8), (8,)))
    outputs = fused.residual_norm(inputs, bias, inputs, bias, bias, None, 1e-6)
    assert outputs.dtype == fused.bias_gelu(inputs, bias).dtype == tf.bfloat16
