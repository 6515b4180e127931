import numpy as np
import pytest

from electra_tf.pretraining import sampling
from electra_tf.pretraining.masking import Masked
from electra_tf.randomness import RandomStream
from tests import tiny

DRAWS = 40000


@pytest.mark.parametrize("sampler", sampling.SAMPLERS)
@pytest.mark.parametrize("vocab_size", [5, 64, 150])
def test_samples_follow_the_softmax(sampler, vocab_size):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, vocab_size).astype(np.float32)
    probabilities = np.exp(logits) / np.exp(logits).sum()
    many = np.tile(logits, (DRAWS // 20, 20, 1))
    draw = sampling.SAMPLERS[sampler]
    sampled = draw(many, RandomStream(0, 0)).numpy().ravel()
    share = np.bincount(sampled, minlength=vocab_size) / DRAWS
    error = np.sqrt(probabilities * (1 - probabilities) / DRAWS)
    np.testing.assert_array_less(
        np.abs(share - probabilities), 5 * error + 2e-4
    )


@pytest.mark.parametrize("noise", [0.0, 0.5, np.nextafter(1, 0, dtype="f4")])
def test_inverse_cdf_never_leaves_the_vocabulary(noise):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 5, (50, 4, 130)).astype(np.float32)
    sampled = sampling.inverse_cdf(
        logits, tiny.Noise(np.full((50, 4), noise, np.float32))
    ).numpy()
    assert sampled.min() >= 0
    assert sampled.max() < 130
    # A token of no probability is never sampled.
    logits[..., 64:] = -1e9
    sampled = sampling.inverse_cdf(
        logits, tiny.Noise(np.full((50, 4), noise, np.float32))
    ).numpy()
    assert sampled.max() < 64


def test_inverse_cdf_by_hand():
    """Probabilities 0.2, 0.3, 0.5 split [0, 1) at 0.2 and 0.5."""
    logits = np.log(np.array([0.2, 0.3, 0.5], np.float32))
    noise = np.array([[0.1, 0.25, 0.45, 0.55, 0.95]], np.float32)
    sampled = sampling.inverse_cdf(
        np.tile(logits, (1, 5, 1)), tiny.Noise(noise)
    )
    np.testing.assert_array_equal(sampled, [[0, 1, 1, 2, 2]])


def test_temperature_and_disallowed_tokens():
    logits = np.array([[[1.0, 2.0, 3.0]]], np.float32)
    masked = Masked(None, None, np.array([[2]]), None)
    config = tiny.pretraining(temperature=0.5, disallow_correct=True)
    adjusted = sampling.adjusted_logits(logits, masked, config)
    np.testing.assert_allclose(adjusted, [[[2, 4, 6 - 1000]]])
