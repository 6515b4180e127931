"""A batch in parts: the update of the whole batch, dropout and all."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.pretraining import objectives
from electra_tf.pretraining.masking import Batch
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW
from electra_tf.training.settings import Settings
from electra_tf.training.step import TrainStep
from tests import tiny
from tests.pretraining.test_pretrainer import build
from tests.pretraining.variants import VARIANTS

QUICK = ("rtd",)
STEPS = 5


def trained_weights(parts: int, **changes) -> dict:
    keras.utils.set_random_seed(0)
    pretrainer = build(**changes)
    train_step = TrainStep(
        lambda batch, random: objectives.losses(
            pretrainer.config, pretrainer(batch, random, training=True)
        ),
        AdamW(pretrainer.variables, lambda step: 1e-3),
        iter(
            tf.data.Dataset.from_tensors(
                Batch(*map(tf.constant, tiny.batch(size=8)))
            ).repeat()
        ),
        tf.distribute.get_strategy(),
        tf.Variable(0, dtype=tf.int64),
        Settings(STEPS, STEPS, accumulation_steps=parts),
        NonFiniteGuard(limit=1),
    )
    train_step.run(STEPS)
    return {k: v.numpy() for k, v in pretrainer.variables.items()}


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in VARIANTS
    ],
)
def test_weights_are_those_of_the_whole_batch(variant):
    whole = trained_weights(1, **VARIANTS[variant])
    in_parts = trained_weights(4, **VARIANTS[variant])
    for path, values in whole.items():
        np.testing.assert_allclose(
            in_parts[path], values, atol=2e-6, err_msg=path
        )
