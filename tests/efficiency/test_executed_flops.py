"""The executed count, against the products of the graphs that are run."""

import functools

import pytest
import tensorflow as tf

from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency.executed_flops import (
    OPTIMIZER,
    pretraining_work,
    update_flops,
)
from electra_tf.efficiency.networks import parameters
from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.pretrainer import Pretrainer
from tests import tiny
from tests.efficiency import graph_products

BATCH = 2
VARIANTS = {
    "rtd": {},
    "mlm": {"electra_objective": False},
    "electric": {"electric_objective": True},
    "two towers": {"two_tower_generator": True},
    "uniform": {"uniform_generator": True},
    "all tied": {"untied_generator": False},
    "untied embeddings": {"untied_generator_embeddings": True},
    "one-hot lookups": {"embedding_lookup": "one_hot"},
    "shallow generator": {"generator_layers": 0.5},
    "distinct positions": {"distinct_positions": True},
}
SIZES = {
    "small": {},
    "base": {
        "model_size": "base",
        "generator_hidden_size": 1 / 3,
        "max_seq_length": 512,
    },
    "large": {"model_size": "large", "max_seq_length": 512, "mask_prob": 0.25},
}


def model_and_losses(config: PretrainingConfig):
    def losses(model, batch, random):
        return model.losses(model(batch, random, training=True))

    return functools.partial(Pretrainer, config, tiny.SPECIAL), losses


def check(config: PretrainingConfig, profiler_gap: float = 0.02):
    work = pretraining_work(config)
    ids = tf.TensorSpec((BATCH, config.max_seq_length), tf.int32)
    forward, update = graph_products.trace(
        *model_and_losses(config), Batch(ids, ids, ids)
    )
    check_graph(forward, BATCH * (work.products + work.lookups), 0.0)
    check_graph(update, BATCH * work.training_products, profiler_gap)


def check_graph(function, expected: int, profiler_gap: float):
    """Compare with our own sum of the graph, and with TensorFlow's."""
    assert graph_products.products(function) == expected
    found = graph_products.profiled(function.graph)
    profiled = found["MatMul"] + found["BatchMatMulV2"]
    assert (1 - profiler_gap) * expected <= profiled <= expected


@pytest.mark.parametrize("variant", ["rtd", "electric", "one-hot lookups"])
def test_products_of_an_update(variant):
    # Attention is much of so narrow a network; see `graph_products.profiled`.
    config = tiny.pretraining(**tiny.ONE_LAYER, **VARIANTS[variant])
    check(config, profiler_gap=0.05)


@pytest.mark.parametrize(
    "variant",
    [
        "rtd",
        *(
            pytest.param(variant, marks=pytest.mark.slow)
            for variant in VARIANTS
            # Half of one layer would be none.
            if variant not in ("rtd", "shallow generator")
        ),
    ],
)
def test_products_that_xla_compiles(variant):
    config = tiny.pretraining(**tiny.ONE_LAYER, **VARIANTS[variant])
    weights, *functions = graph_products.functions(*model_and_losses(config))
    weights = [tf.zeros(spec.shape) for spec in weights]
    batch = tiny.batch(BATCH)
    work = pretraining_work(config)
    expected = [work.products + work.lookups, work.training_products]
    for function, products in zip(functions, expected, strict=True):
        jitted = tf.function(function, jit_compile=True)
        assert graph_products.compiled(jitted, weights, batch) == (
            BATCH * products
        )


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_products_of_every_objective(variant):
    check(PretrainingConfig(data_dir="D", model_name="M", **VARIANTS[variant]))


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["rtd", "mlm", "electric", "all tied"])
@pytest.mark.parametrize("size", ["base", "large"])
def test_products_of_large_networks(size, variant):
    settings = {**SIZES[size], **VARIANTS[variant]}
    check(PretrainingConfig(data_dir="D", model_name="M", **settings))


def test_elements_are_few():
    """They are estimates; products are most of the work."""
    for settings in SIZES.values():
        work = pretraining_work(
            PretrainingConfig(data_dir="D", model_name="M", **settings)
        )
        assert 0.001 < work.elements / work.forward < 0.03


def test_an_update_by_hand():
    config = tiny.pretraining(uniform_generator=True)
    length, hidden, inner = 16, 8, 32
    layer = 2 * 4 * hidden * hidden + 4 * length * hidden + 4 * hidden * inner
    products = 2 * layer + 2 * 4 * hidden + 2 * hidden * hidden + 2 * hidden
    work = pretraining_work(config)
    assert work.products == length * products
    assert work.lookups == length * 2 * 2 * 4
    one = work.forward + work.backward
    expected = config.train_batch_size * one + OPTIMIZER * parameters(config)
    assert update_flops(config) == expected
