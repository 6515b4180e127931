"""Encoder, heads and the sum of their losses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.configs import encoder_config
from electra_tf.finetuning.model import FinetuningModel, rate_multipliers
from electra_tf.finetuning.tasks import task_table
from electra_tf.randomness import RandomStream
from tests.finetuning import sentences

HEADS = {
    "task_specific/mnli/dense/kernel": (16, 3),
    "task_specific/mnli/dense/bias": (3,),
    "task_specific/sts/dense/kernel": (16, 1),
    "task_specific/sts/dense/bias": (1,),
}

PATHS = (
    "electra/embeddings/LayerNorm/gamma",
    "electra/embeddings_project/kernel",
    "electra/encoder/layer_0/attention/self/key/bias",
    "electra/encoder/layer_11/output/dense/kernel",
    "task_specific/sst/dense/kernel",
)


@pytest.fixture(scope="module")
def model():
    config = sentences.config(task_names=["mnli", "sts"])
    return FinetuningModel(encoder_config(config), task_table.tasks(config))


def features(task_id=(0, 1, 0, 2)) -> dict:
    """Four examples of six tokens."""
    rng = np.random.default_rng(0)
    ids = rng.integers(5, sentences.VOCAB_SIZE, (4, 6)).astype(np.int32)
    values = {
        "input_ids": ids,
        "input_mask": np.ones_like(ids),
        "segment_ids": np.zeros_like(ids),
        "task_id": np.array(task_id, np.int32),
        "mnli_eid": np.arange(4, dtype=np.int32),
        "mnli_label_ids": np.array([2, 0, 1, 0], np.int32),
        "sts_eid": np.arange(4, dtype=np.int32),
        "sts_targets": np.array([0, 0.4, 0, 0], np.float32),
    }
    return {name: tf.constant(value) for name, value in values.items()}


def test_names_and_shapes_are_those_of_the_original(model):
    heads = {
        path: tuple(variable.shape)
        for path, variable in model.variables.items()
        if not path.startswith("electra/")
    }
    assert heads == HEADS
    assert "electra/encoder/layer_1/output/dense/bias" in model.variables


def test_heads_start_the_same_where_the_encoder_is_given():
    config = sentences.config(task_names=["mnli", "sts"])
    both = []
    for is_given in (False, True):
        keras.utils.set_random_seed(3)
        tasks = task_table.tasks(config)
        made = FinetuningModel(
            encoder_config(config), tasks, is_given=is_given
        ).variables
        both.append({path: variable.numpy() for path, variable in made.items()})
    drawn, given = both
    for path in HEADS:
        np.testing.assert_array_equal(given[path], drawn[path])
    kernel = "electra/encoder/layer_1/output/dense/kernel"
    assert drawn[kernel].any() and not given[kernel].any()


def test_the_loss_is_the_sum_of_each_example_s_own_task(model):
    outputs = model(features(), None)
    losses = model.losses(features(), None)
    mnli, sts = outputs["mnli"]["loss"], outputs["sts"]["loss"]
    np.testing.assert_allclose(losses["mnli_loss"].total, mnli[0] + mnli[2])
    np.testing.assert_allclose(losses["sts_loss"].total, sts[1])
    means = {k: loss_terms.value(term) for k, term in losses.items()}
    mean = (mnli[0] + mnli[2]) / 2
    np.testing.assert_allclose(means["mnli_loss_per_example"], mean, 1e-5)
    np.testing.assert_allclose(means["sts_loss_per_example"], sts[1], 1e-5)
    total = loss_terms.total_loss(losses)
    np.testing.assert_allclose(total, mnli[0] + mnli[2] + sts[1], rtol=1e-6)


def test_an_example_of_several_inputs_counts_once():
    class Known(FinetuningModel):
        def __init__(self):
            pass

        def __call__(self, features, random, training):
            return {"copa": {"loss": tf.constant([0.0, 2.0, 4.0, 0.0, 9.0])}}

    choice = tf.constant([1, 2, 1, 2, 0])
    ids = {"task_id": tf.constant([0, 0, 0, 0, 1]), "copa_choice": choice}
    terms = Known().losses(ids, None)
    assert float(terms["copa_loss"].total) == 6.0
    mean = loss_terms.value(terms["copa_loss_per_example"])
    assert float(mean) == pytest.approx(3.0)


def test_losses_by_hand(model):
    outputs = model(features(), None)
    logits = np.array(outputs["mnli"]["logits"])
    log_probabilities = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    labels = [2, 0, 1, 0]
    np.testing.assert_allclose(
        outputs["mnli"]["loss"],
        [-log_probabilities[i, label] for i, label in enumerate(labels)],
        rtol=1e-5,
    )
    difference = np.array(outputs["sts"]["predictions"]) - [0, 0.4, 0, 0]
    np.testing.assert_allclose(outputs["sts"]["loss"], difference**2, rtol=1e-5)


def test_padding_examples_count_nothing(model):
    padding = features(task_id=(2, 2, 2, 2))
    assert float(loss_terms.total_loss(model.losses(padding, None))) == 0


def test_dropout_acts_only_with_random_numbers(model):
    again = [model(features(), None)["sts"]["predictions"] for _ in range(2)]
    np.testing.assert_array_equal(*again)
    random = RandomStream(seed=1, step=0)
    dropped = model(features(), random)["sts"]["predictions"]
    assert np.abs(dropped - again[0]).max() > 0
    np.testing.assert_array_equal(
        dropped, model(features(), random)["sts"]["predictions"]
    )


def test_one_task_can_be_run_alone(model):
    assert set(model(features(), None, only="sts")) == {"sts"}


def test_every_weight_has_a_gradient(model):
    variables = {path: v.value for path, v in model.variables.items()}
    with tf.GradientTape() as tape:
        terms = model.losses(features(), RandomStream(seed=1, step=0))
        loss = loss_terms.total_loss(terms)
    gradients = tape.gradient(loss, variables)
    without = [path for path, value in gradients.items() if value is None]
    assert without == []


@pytest.mark.parametrize(
    ("top", "exponents"), [(2, (14, 14, 13, 2, 0)), (0, (12, 12, 11, 0, 0))]
)
def test_rates_fall_from_the_top_layer_down(top, exponents):
    found = rate_multipliers(PATHS, 12, 0.8, top)
    expected = [0.8**exponent for exponent in exponents]
    assert [*found.values()] == pytest.approx(expected)


def test_without_decay_all_have_the_full_rate():
    assert set(rate_multipliers(PATHS, 12, 0.0, 2).values()) == {1.0}


def test_a_variable_of_no_known_layer_is_an_error():
    with pytest.raises(ValueError, match="Received: the variable 'x/y'"):
        rate_multipliers(["x/y"], 12, 0.8, 2)
