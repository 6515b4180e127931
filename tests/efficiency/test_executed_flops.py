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
from electra_tf.pretraining import objectives, two_stage
from electra_tf.pretraining.masking import Batch
from tests import tiny
from tests.efficiency import graph_products
from tests.pretraining import variants

BATCH = 2
VARIANTS = {
    **variants.VARIANTS,
    "one-hot lookups": {"embedding_lookup": "one_hot"},
    "shallow generator": {"generator_layers": 0.5},
    "two_tower, untied": {"objective": "two_tower", "weight_sharing": "none"},
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


def joint_losses(model, batch, random):
    output = model(batch, random, training=True)
    return objectives.losses(model.config, output)


def model_and_losses(config: PretrainingConfig, losses=joint_losses):
    return functools.partial(tiny.pretrainer, config), losses


def traced(config: PretrainingConfig, losses=joint_losses):
    """Graphs of the forward pass of a batch, and of its update."""
    ids = tf.TensorSpec((BATCH, config.max_seq_length), tf.int32)
    return graph_products.trace(
        *model_and_losses(config, losses), Batch(ids, ids, ids)
    )


def check(config: PretrainingConfig, profiler_gap: float = 0.02):
    work = pretraining_work(config)
    forward, update = traced(config)
    check_graph(forward, BATCH * (work.products + work.lookups), 0.0)
    check_graph(
        update, BATCH * graph_products.training_products(work), profiler_gap
    )


def check_graph(function, expected: int, profiler_gap: float):
    """Compare with our own sum of the graph, and with TensorFlow's."""
    assert graph_products.products(function) == expected
    found = graph_products.profiled(function.graph)
    profiled = found["MatMul"] + found["BatchMatMulV2"]
    assert (1 - profiler_gap) * expected <= profiled <= expected


@pytest.mark.parametrize(
    "variant",
    [
        "rtd",
        "electric",
        "one-hot lookups",
        "replace_mlm",
        "all_tokens_mlm",
        "adversarial",
    ],
)
def test_products_of_an_update(variant):
    # Attention is much of so narrow a network; see `graph_products.profiled`.
    config = tiny.pretraining(**VARIANTS[variant])
    check(config, profiler_gap=0.05)


def test_products_of_layers_that_are_computed_again():
    config = tiny.pretraining(recompute=True)
    work, once = map(pretraining_work, (config, tiny.pretraining()))
    forward, update = traced(config)
    check_graph(forward, BATCH * (work.products + work.lookups), 0.05)
    more = graph_products.products(update) - BATCH * (
        graph_products.training_products(once)
    )
    # Products of the layers, which are less than those of all.
    assert 0.6 * once.products < more / BATCH < work.again
    assert work.backward - once.backward == work.again


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
    config = tiny.pretraining(**VARIANTS[variant])
    weights, *functions = graph_products.functions(*model_and_losses(config))
    weights = [tf.zeros(spec.shape) for spec in weights]
    batch = tiny.batch(BATCH)
    work = pretraining_work(config)
    expected = [
        work.products + work.lookups,
        graph_products.training_products(work),
    ]
    for function, products in zip(functions, expected, strict=True):
        jitted = tf.function(function, jit_compile=True)
        assert graph_products.compiled(jitted, weights, batch) == (
            BATCH * products
        )


def test_products_of_two_stages():
    config = tiny.pretraining(**VARIANTS["two stages"])
    generator = pretraining_work(config, "generator")
    discriminator = pretraining_work(config, "discriminator")
    alone = generator.products + generator.lookups
    forward, update = products(config, two_stage.generator_losses)
    assert (forward, update) == (
        alone,
        graph_products.training_products(generator),
    )
    forward, update = products(config, trained_discriminator)
    own = discriminator.products + discriminator.lookups
    assert forward == alone + own
    assert update == alone + graph_products.training_products(discriminator)
    first, second = (
        update_flops(config, stage) for stage in config.updates_by_stage(0)
    )
    assert update_flops(config) == round((first + second) / 2)
    trained = [
        parameters(config, stage) for stage in config.updates_by_stage(0)
    ]
    assert sum(trained) == parameters(config)
    assert second == (
        config.train_batch_size
        * (discriminator.forward + discriminator.backward + generator.forward)
        + OPTIMIZER * trained[1]
    )


def products(config: PretrainingConfig, losses) -> list[float]:
    graphs = traced(config, losses)
    return [graph_products.products(graph) / BATCH for graph in graphs]


def trained_discriminator(model, batch, random):
    terms = two_stage.discriminator_losses(model, batch, random)
    return {"disc_loss": terms["disc_loss"]}


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
    config = tiny.pretraining(2, generator="uniform")
    length, hidden, inner = 16, 8, 32
    layer = 2 * 4 * hidden * hidden + 4 * length * hidden + 4 * hidden * inner
    products = 2 * layer + 2 * 4 * hidden + 2 * hidden * hidden + 2 * hidden
    work = pretraining_work(config)
    assert work.products == length * products
    assert work.lookups == length * 2 * 2 * 4
    one = work.forward + work.backward
    expected = config.train_batch_size * one + OPTIMIZER * parameters(config)
    assert update_flops(config) == expected
