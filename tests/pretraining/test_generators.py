"""What proposes the tokens."""

import types

import numpy as np
import pytest

from electra_tf.pretraining.generators import StaticGenerator
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.pretraining.sampling import inverse_cdf
from tests import tiny


def test_unigrams_come_as_often_as_in_the_corpus():
    config = tiny.pretraining(generator="unigram")
    generator = tiny.pretrainer(config).generator
    masked = types.SimpleNamespace(ids=np.zeros((1, 20000), np.int32))
    logits = generator(None, masked, None).logits
    noise = np.random.default_rng(0).random((1, 20000), np.float32)
    sampled = inverse_cdf(logits, tiny.Noise(noise)).numpy()[0]
    expected = tiny.TOKEN_COUNTS + 1.0
    expected[list(tiny.SPECIAL)] = 0
    expected /= expected.sum()
    found = np.bincount(sampled, minlength=tiny.VOCAB_SIZE) / 20000
    assert not found[list(tiny.SPECIAL)].any()
    error = np.abs(found - expected)
    assert (error < 5 * np.sqrt(expected / 20000) + 1e-9).all()


def test_unigrams_need_counts():
    config = tiny.pretraining(generator="unigram")
    with pytest.raises(ValueError, match="need token_counts"):
        Pretrainer(config, tiny.SPECIAL)


def test_static_proposals_have_no_weights():
    assert not StaticGenerator(np.zeros(3)).layers
