"""Twelve updates of every kind of pre-training, on any number of replicas.

    python -m tests.pretraining.updates REPLICAS FOLDER VARIANTS...

writes the weights to FOLDER/<variant>.npz. A process can have one mirrored
strategy only (see `tests.replicas`), so that four replicas need their own.
"""

import os
import sys

import keras
import numpy as np
import tensorflow as tf

from electra_tf.pretraining import build
from electra_tf.pretraining.masking import Batch
from electra_tf.training import distribution
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW
from electra_tf.training.settings import Settings
from electra_tf.training.step import TrainStep
from tests import tiny
from tests.pretraining.variants import COMPILED, VARIANTS

STEPS = 12
BATCH_SIZE = 8


def updated_weights(strategy, **changes) -> dict[str, np.ndarray]:
    """Train from the same weights on the same batches; weights by path."""
    config = tiny.pretraining(train_batch_size=BATCH_SIZE, **changes)
    keras.utils.set_random_seed(1)
    with strategy.scope():
        pretrainer = tiny.pretrainer(config)
        optimizer = AdamW(pretrainer.variables, lambda step: 1e-3, 0.01)
        step = tf.Variable(
            0,
            dtype=tf.int64,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        half = config.precision == "float16"
        guard = NonFiniteGuard(STEPS, loss_scaling=half)
    phases = build.phases(config, pretrainer)
    iterator = iter(strategy.distribute_datasets_from_function(_batches))
    settings = Settings(
        STEPS,
        STEPS,
        jit_compile=bool(config.jit_compile),
        accumulation_steps=config.accumulation_steps,
        loss_scaling=half,
    )
    for phase in phases:
        if phase.begin is not None:
            phase.begin()
        TrainStep(
            phase.step_function,
            optimizer,
            iterator,
            strategy,
            step,
            settings,
            guard,
        ).run(STEPS // len(phases))
    return {path: v.numpy() for path, v in pretrainer.variables.items()}


def _batches(context) -> tf.data.Dataset:
    """Shares of `STEPS` batches whose sequences have many lengths."""
    batches = [tiny.batch(BATCH_SIZE, seed=seed) for seed in range(STEPS)]
    examples = Batch(
        *(np.concatenate(parts) for parts in zip(*batches, strict=True))
    )
    share = BATCH_SIZE // context.num_replicas_in_sync
    # A process may wait a minute at its end for each thread that tunes a
    # dataset; there is nothing to tune.
    options = tf.data.Options()
    options.autotune.enabled = False
    return (
        tf.data.Dataset.from_tensor_slices(examples)
        .batch(share, drop_remainder=True)
        .with_options(options)
    )


if __name__ == "__main__":
    replicas = distribution.strategy(
        tiny.pretraining(
            distribution_strategy="mirrored", logical_cpus=int(sys.argv[1])
        )
    )
    for name in sys.argv[3:]:
        weights = updated_weights(replicas, **{**VARIANTS, **COMPILED}[name])
        np.savez(os.path.join(sys.argv[2], f"{name}.npz"), **weights)
