"""The activations are the ones that their names stand for."""

import math

import numpy as np
import pytest

from electra_tf import configs
from electra_tf.layers.bert_conventions import ACTIVATIONS, activation

X = np.linspace(-5, 5, 201, dtype=np.float32)


def test_every_setting_has_a_function():
    assert set(configs.ACTIVATIONS) == set(ACTIVATIONS)


def test_gelu_is_exact():
    normal = np.array([(1 + math.erf(x / math.sqrt(2))) / 2 for x in X])
    np.testing.assert_allclose(activation("gelu")(X), X * normal, atol=1e-6)


def test_gelu_new_is_the_tanh_approximation():
    inside = math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)
    expected = X * (1 + np.tanh(inside)) / 2
    np.testing.assert_allclose(activation("gelu_new")(X), expected, atol=1e-6)
    assert np.abs(activation("gelu")(X) - expected).max() > 1e-4


def test_an_unknown_name_is_an_error():
    with pytest.raises(ValueError, match="Received: 'silu'"):
        activation("silu")
