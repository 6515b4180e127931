"""The executed count, against the products of the graphs that are run."""

import functools
import types

import pytest
import tensorflow as tf

from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency.executed_flops import (
    HEADS,
    OPTIMIZER,
    encoder_work,
    pretraining_work,
    update_flops,
)
from electra_tf.efficiency.networks import parameters
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.task import HeadSpec
from electra_tf.pretraining.masking import Batch
from tests import tiny
from tests.efficiency import graph_products

BATCH, LENGTH = 2, 16
VARIANTS = {
    "rtd": {},
    "mlm": {"electra_objective": False},
    "electric": {"electric_objective": True},
    "two towers": {"two_tower_generator": True},
    "unigram": {"generator": "unigram"},
    "uniform": {"uniform_generator": True},
    "all tied": {"untied_generator": False},
    "untied embeddings": {"untied_generator_embeddings": True},
    "one-hot lookups": {"embedding_lookup": "one_hot"},
    "shallow generator": {"generator_layers": 0.5},
    "distinct positions": {"masking": "without_replacement"},
    "disentangled": {"weight_sharing": "disentangled"},
    "adversarial": {"generator_training": "adversarial"},
    "adversarial, tied": {
        "generator_training": "adversarial",
        "weight_sharing": "all",
    },
    "electra_15": {"objective": "electra_15"},
    "replace_mlm": {"objective": "replace_mlm"},
    "all_tokens_mlm": {"objective": "all_tokens_mlm"},
    "all_tokens_mlm_no_copy": {"objective": "all_tokens_mlm_no_copy"},
    "two_tower": {"objective": "two_tower"},
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


def traced(config: PretrainingConfig):
    """Products of the forward pass of an input, and of its update."""

    def losses(model, batch, random):
        return model.losses(model(batch, random, training=True))

    ids = tf.TensorSpec((BATCH, config.max_seq_length), tf.int32)
    graphs = graph_products.trace(
        functools.partial(tiny.pretrainer, config),
        losses,
        Batch(ids, ids, ids),
    )
    return [graph_products.products(graph) / BATCH for graph in graphs]


def check(config: PretrainingConfig):
    work = pretraining_work(config)
    forward, update = traced(config)
    assert work.products + work.lookups == forward
    assert work.training_products == update


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
    check(tiny.pretraining(**tiny.ONE_LAYER, **VARIANTS[variant]))


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


@pytest.mark.parametrize(
    ("head", "size", "options"),
    [
        ("classification", 3, {}),
        ("regression", 1, {}),
        ("joint_question_answering", 1, {}),
        (
            "independent_question_answering",
            1,
            {"answerable_uses_start_logits": False},
        ),
        (
            "independent_question_answering",
            1,
            {"answerable_classifier": False},
        ),
    ],
)
def test_products_of_fine_tuning_heads(head, size, options):
    encoder = tiny.encoder(num_hidden_layers=1)
    everywhere = {
        "answerable_classifier": True,
        "answerable_uses_start_logits": True,
        "answerable_weight": 0.5,
        **({"beam_size": 2} if head.startswith("joint") else {}),
    }
    settings = {**everywhere, **options} if "question" in head else {}

    def make():
        spec = HeadSpec(head, size, settings)
        task = types.SimpleNamespace(name="task", head=spec)
        return FinetuningModel(encoder, [task])

    def losses(model, features, random):
        return model.losses(features, random)

    graphs = graph_products.trace(make, losses, features(head))
    forward, update = map(graph_products.products, graphs)
    work = (
        encoder_work(encoder, LENGTH)
        .plus(HEADS[head](encoder, LENGTH, size, **options))
        .times(BATCH)
    )
    assert work.products + work.lookups == forward
    assert work.training_products == update


def features(head: str) -> dict:
    """Inputs of any task called "task"."""
    tokens = tf.TensorSpec((BATCH, LENGTH), tf.int32)
    number = tf.TensorSpec((BATCH,), tf.int32)
    names = ["label_ids", "eid", "start_positions", "end_positions"]
    return {
        **dict.fromkeys(["input_ids", "input_mask", "segment_ids"], tokens),
        **{f"task_{name}": number for name in [*names, "is_impossible"]},
        "task_targets": tf.TensorSpec((BATCH,), tf.float32),
        "task_id": number,
    }


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
