"""What a training step reports of the discriminator."""

import types

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from electra_tf import loss_terms
from electra_tf.pretraining import metrics

MASK = np.array([[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0]], np.int32)
FAKE = np.array([[0, 1, 0, 1, 0, 0], [0, 0, 1, 0, 0, 0]], np.int32)
LOGITS = np.array(
    [[-2, 3, 0.5, -1, -3, 9], [-4, 0.7, 0.6, -5, 8, -9]], np.float32
)


def values(logits, fake=FAKE):
    output = types.SimpleNamespace(
        corrupted=types.SimpleNamespace(is_fake=fake),
        disc_logits=logits,
        disc_weights=MASK.astype(np.float32),
        predictions=None,
    )
    return metrics.training_terms(output)


def test_by_hand():
    """Padding, with logits of 9, 8 and -9, does not count."""
    terms = values(LOGITS)
    got = {k: (float(t.total), float(t.count)) for k, t in terms.items()}
    assert got["disc_accuracy"] == (6, 9)
    assert got["disc_precision"] == (2, 4)
    assert got["disc_recall"] == (2, 3)
    real = MASK.astype(bool)
    expected = roc_auc_score(FAKE[real], LOGITS[real])
    assert got["disc_auc"] == (pytest.approx(expected), 1)


def test_are_never_trained_on():
    terms = values(LOGITS)
    assert loss_terms.total_loss(terms) == 0


def test_nothing_replaced():
    terms = values(LOGITS, np.zeros_like(FAKE))
    assert float(terms["disc_recall"].count) == 0
    assert float(terms["disc_auc"].count) == 0


def test_no_discriminator():
    output = types.SimpleNamespace(disc_logits=None, predictions=None)
    assert metrics.training_terms(output) == {}
