"""The policy's gradient is that of the expected reward."""

import types

import numpy as np
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.pretraining import objectives
from electra_tf.pretraining.generators import GeneratorOutput
from electra_tf.pretraining.masking import Batch, Masked
from electra_tf.pretraining.pretrainer import Corrupted
from electra_tf.pretraining.sampling import inverse_cdf
from electra_tf.randomness import RandomStream
from tests import tiny

VOCABULARY = 5
LOGITS = np.array([0.5, -1.0, 0.2, 1.5, 0.0], np.float32)
REWARDS = np.array([0.1, 2.0, 0.7, 0.4, 3.0], np.float32)


def exact_gradient() -> np.ndarray:
    """Of the sum of p(token) * reward(token), by the logits."""
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        expected = tf.reduce_sum(tf.nn.softmax(logits) * REWARDS)
    return tape.gradient(expected, logits).numpy()


def sampled_gradients(baseline: float, number: int = 40_000) -> np.ndarray:
    """One for each of many samples: `(number, VOCABULARY)`."""
    noise = np.random.default_rng(0).random((number, 1), np.float32)
    logits = tf.tile(LOGITS[None, None], [number, 1, 1])
    ids = inverse_cdf(logits, tiny.Noise(noise))
    # The logit of the probability whose negative logarithm is the baseline.
    probability = np.exp(-baseline)
    expected = np.full((number, 1), np.log(probability / (1 - probability)))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = objectives.policy_losses(
            logits, ids, tf.gather(REWARDS, ids), expected.astype(np.float32)
        )
    return -tape.gradient(losses, logits).numpy()[:, 0]


def test_gradient_agrees_with_the_exact_expectation():
    for baseline in (0.01, 0.5, 2.0):
        gradients = sampled_gradients(baseline)
        error = gradients.std(axis=0) / np.sqrt(len(gradients))
        difference = np.abs(gradients.mean(axis=0) - exact_gradient())
        assert (difference < 4 * error).all()


def test_a_good_baseline_makes_the_gradient_less_noisy():
    mean = float(np.sum(tf.nn.softmax(LOGITS) * REWARDS))
    noise = [sampled_gradients(b).std(axis=0).sum() for b in (0.001, mean)]
    assert noise[1] < 0.8 * noise[0]


def test_terms_by_hand():
    """Two slots at one position, and one that the discriminator finds out."""
    config = tiny.pretraining(generator_training="adversarial")
    output = types.SimpleNamespace(
        masked=Masked(
            input_ids=None,
            positions=np.array([[1, 1, 2]]),
            ids=np.array([[0, 0, 1]]),
            weights=np.ones((1, 3), np.float32),
        ),
        generator_output=GeneratorOutput(
            np.log(
                [[[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.2, 0.7, 0.1]]]
            ).astype(np.float32),
            baseline_logits=np.zeros((1, 3), np.float32),
        ),
        corrupted=Corrupted(
            # The samples 0 and 2 at position 1 have become 1.
            input_ids=np.array([[9, 1, 0]]),
            is_fake=np.array([[0, 1, 1]]),
            is_replaced_position=None,
            sampled_ids=np.array([[0, 2, 0]]),
        ),
        disc_logits=np.array([[0.0, 5.0, np.log(3)]], np.float32),
    )
    terms = objectives.policy(config, output)
    reward = np.log(4 / 3)  # The token is called replaced with 3/4.
    assert terms["reward"].weight is None and terms["mlm_loss"].weight is None
    values = {name: loss_terms.value(terms[name]) for name in terms}
    np.testing.assert_allclose(values["reward"], reward, rtol=1e-5)
    np.testing.assert_allclose(
        values["policy_loss"], np.log(5) * (reward - np.log(2)), rtol=1e-5
    )
    np.testing.assert_allclose(values["baseline_loss"], np.log(2), rtol=1e-5)


def test_the_baseline_is_trained_to_expect_the_reward():
    """Cross entropy is least where the probability is exp(-reward)."""
    rewards = np.array([0.1, 1.0, 3.0], np.float32)
    best = np.exp(-rewards) / (1 - np.exp(-rewards))
    logits = tf.constant(np.log(best))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = objectives.detection_losses(logits, np.exp(-rewards))
    np.testing.assert_allclose(tape.gradient(loss, logits), 0, atol=1e-6)
    np.testing.assert_allclose(tf.nn.softplus(-logits), rewards, rtol=1e-5)


def test_entropies_by_hand():
    logits = np.log([[0.5, 0.25, 0.25], [1, 1, 1]])
    np.testing.assert_allclose(
        objectives.entropies(logits), [1.5 * np.log(2), np.log(3)], rtol=1e-6
    )


def test_the_generator_is_trained_by_reward_alone():
    """A discriminator that is never wrong leaves it nothing to gain."""
    pretrainer = tiny.pretrainer(
        tiny.pretraining(generator_training="adversarial", disc_weight=0.0)
    )
    batch = Batch(*map(tf.constant, tiny.batch()))
    variables = {k: v.value for k, v in pretrainer.variables.items()}
    with tf.GradientTape() as tape:
        output = pretrainer(batch, RandomStream(0, 0), training=False)
        perfect = tf.where(output.corrupted.is_fake > 0, 50.0, -50.0)
        certain = output.generator_output._replace(
            baseline_logits=tf.fill(tf.shape(output.masked.ids), 50.0)
        )
        output = output._replace(disc_logits=perfect, generator_output=certain)
        loss = loss_terms.total_loss(
            objectives.losses(pretrainer.config, output)
        )
    for gradient in tape.gradient(loss, variables).values():
        if gradient is not None:
            values = tf.convert_to_tensor(gradient)
            np.testing.assert_allclose(values, 0, atol=1e-9)
