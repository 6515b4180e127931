"""The weights of a run, by paper and pencil and in the real model."""

import math

import pytest

from electra_tf.efficiency.networks import networks, parameters
from tests import tiny
from tests.efficiency.graph_products import without_weights
from tests.efficiency.test_executed_flops import VARIANTS


def test_parameters_by_hand():
    config = tiny.pretraining(2)
    tables = (50 + 32 + 2) * 4 + 8
    main = 2 * (4 * (64 + 8) + 16 + (8 * 32 + 32) + (32 * 8 + 8) + 16) + 40
    generator = 2 * (4 * (16 + 4) + 8 + (4 * 16 + 16) + (16 * 4 + 4) + 8)
    prediction = (4 * 4 + 4) + 8 + 50
    detection = (64 + 8) + (8 + 1)
    assert parameters(config) == (
        tables + main + generator + prediction + detection
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_are_those_of_the_model(variant):
    config = tiny.pretraining(2, **VARIANTS[variant])
    with without_weights():
        model = tiny.pretrainer(config)
    sizes = [math.prod(v.shape) for v in model.variables.values()]
    assert parameters(config) == sum(sizes)


def test_two_towers_predict_every_token():
    config = tiny.pretraining(objective="electric")
    found = networks(config)
    (prediction,) = found.predictions
    assert prediction.tokens == config.max_seq_length
    (dense,) = prediction.layer.dense
    assert dense.kernel_shape(prediction.encoder) == (2 * 4, 4)
    assert len(found.passes) == 3
