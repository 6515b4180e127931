import numpy as np
import pytest
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.pretraining import objectives
from electra_tf.pretraining.masking import Batch, MaskingRandomInputs
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.randomness import RandomStream
from tests import tiny
from tests.pretraining.variants import VARIANTS


def build(**changes) -> Pretrainer:
    return tiny.pretrainer(tiny.pretraining(**changes))


def gradients(pretrainer, training=True):
    batch = Batch(*map(tf.constant, tiny.batch()))
    variables = {k: v.value for k, v in pretrainer.variables.items()}
    with tf.GradientTape() as tape:
        output = pretrainer(batch, RandomStream(0, 0), training)
        loss = loss_terms.total_loss(
            objectives.losses(pretrainer.config, output)
        )
    return tape.gradient(loss, variables), output, loss


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_weight_gets_a_gradient(variant):
    found, _, loss = gradients(build(**VARIANTS[variant]))
    assert np.isfinite(loss)
    zero = [
        path
        for path, gradient in found.items()
        if gradient is None
        or (
            not np.any(tf.convert_to_tensor(gradient))
            # It adds the same to all scores of a query, so softmax ignores it:
            # its gradient is what rounding leaves.
            and not path.endswith("/key/bias")
        )
    ]
    assert zero == []


def test_draws_are_a_function_of_the_step():
    pretrainer = build()
    batch = Batch(*map(tf.constant, tiny.batch()))
    ids = [
        pretrainer(batch, RandomStream(0, step), True).masked.input_ids.numpy()
        for step in (1, 1, 2)
    ]
    np.testing.assert_array_equal(ids[0], ids[1])
    assert (ids[0] != ids[2]).any()


def test_evaluation_has_no_dropout():
    pretrainer = build()
    batch = Batch(*map(tf.constant, tiny.batch()))
    random = RandomStream(0, 0)
    logits = [
        pretrainer(batch, random, training).disc_logits.numpy()
        for training in (False, False, True)
    ]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert (logits[0] != logits[2]).any()


def test_a_perfect_generator_makes_every_label_original():
    pretrainer = build()
    batch = Batch(*map(tf.constant, tiny.batch()))
    choices = MaskingRandomInputs(
        tf.constant([[3, 5]] * 4), tf.constant([[0.1, 0.1]] * 4)
    )
    true_ids = tf.gather(batch.input_ids, [[3, 5]] * 4, batch_dims=1)
    output = pretrainer.read_samples(
        pretrainer.read_masked(batch, choices, None),
        lambda logits: true_ids,
        None,
    )
    np.testing.assert_array_equal(output.corrupted.input_ids, batch.input_ids)
    assert not output.corrupted.is_fake.numpy().any()


def test_the_discriminator_does_not_train_the_generator():
    """Sampling stops the gradient; only the shared embeddings feel it."""
    pretrainer = build(gen_weight=0.0)
    found, _, _ = gradients(pretrainer)
    touched = {
        path.split("/")[0]
        for path, gradient in found.items()
        if np.any(tf.convert_to_tensor(gradient))
    }
    assert touched == {"electra", "discriminator_predictions"}


@pytest.mark.parametrize("direction", ["two towers", "electric"])
def test_a_tower_sees_nothing_of_the_token_it_scores(direction):
    pretrainer = build(**VARIANTS[direction])
    ids, mask, segments = tiny.batch(size=1)
    changed = ids.copy()
    changed[0, 4] = 5 if ids[0, 4] != 5 else 6
    choices = MaskingRandomInputs(np.array([[4, 4]]), np.array([[0.1, 0.1]]))
    logits = [
        pretrainer.read_masked(
            Batch(tf.constant(x), mask, segments), choices, None
        ).generator_output.cloze_logits.numpy()[0]
        for x in (ids, changed)
    ]
    np.testing.assert_allclose(logits[0][4], logits[1][4], atol=1e-6)
    assert np.abs(logits[0][3] - logits[1][3]).max() > 1e-6
    assert np.abs(logits[0][5] - logits[1][5]).max() > 1e-6


def test_detection_losses_by_hand():
    logits = np.array([[0.0, 2.0, -100.0, 100.0]], np.float32)
    labels = np.array([[1, 0, 0, 1]])
    losses = objectives.detection_losses(logits, labels).numpy()[0]
    expected = [np.log(2), np.log(1 + np.exp(2)), 0, 0]
    np.testing.assert_allclose(losses, expected, atol=1e-6)


def test_variable_names_are_a_contract():
    """Other programs read checkpoints by these names."""
    paths = set(build(num_hidden_layers=2).variables)
    assert {path.split("/")[0] for path in paths} == {
        "electra",
        "generator",
        "generator_predictions",
        "discriminator_predictions",
    }
    layer = "electra/encoder/layer_1"
    assert {p for p in paths if p.startswith(layer)} == {
        f"{layer}/{part}"
        for part in (
            "attention/self/query/kernel",
            "attention/self/query/bias",
            "attention/self/key/kernel",
            "attention/self/key/bias",
            "attention/self/value/kernel",
            "attention/self/value/bias",
            "attention/output/dense/kernel",
            "attention/output/dense/bias",
            "attention/output/LayerNorm/gamma",
            "attention/output/LayerNorm/beta",
            "intermediate/dense/kernel",
            "intermediate/dense/bias",
            "output/dense/kernel",
            "output/dense/bias",
            "output/LayerNorm/gamma",
            "output/LayerNorm/beta",
        )
    }
