"""Whole steps compile by XLA: what can be known of TPUs without one."""

import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config
from electra_tf.pretraining import build, metrics
from electra_tf.pretraining.masking import Batch
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import OPTIMIZERS
from electra_tf.training.settings import Settings
from electra_tf.training.step import Evaluator, TrainStep
from tests import tiny
from tests.compiled import lowered
from tests.pretraining.variants import VARIANTS

# What a TPU gets without being asked.
TPU = {"distribution_strategy": "tpu"}
SETTINGS = {
    **{name: {**TPU, **changes} for name, changes in VARIANTS.items()},
    "gather": {},
    "bfloat16": {**TPU, "precision": "bfloat16"},
    "inverse_cdf": {**TPU, "sampling": "inverse_cdf"},
    "accumulation": {**TPU, "accumulation_steps": 2},
    "lamb": {**TPU, "optimizer": "lamb"},
    "scanned": {**TPU, "scan_layers": True, "recompute": True},
}
# The others take the same paths but for a line or two.
QUICK = ("rtd", "mlm", "uniform", "electric", "bfloat16", "accumulation")
QUICK += ("scanned",)
# Between them they have all that others have.
MOST = ("rtd", "electric")


class Steps:
    """The functions that a replica runs."""

    def __init__(self, config):
        pretrainer = tiny.pretrainer(config)
        strategy = tf.distribute.get_strategy()
        optimizer = OPTIMIZERS[config.optimizer](
            pretrainer.variables, lambda step: 1e-3, 0.01
        )
        self.train_steps = [
            TrainStep(
                phase.step_function,
                optimizer,
                iterator=None,
                strategy=strategy,
                step=tf.Variable(0, dtype=tf.int64),
                settings=Settings(
                    1, 1, accumulation_steps=config.accumulation_steps
                ),
                guard=NonFiniteGuard(1),
            )
            for phase in build.phases(config, pretrainer)
        ]
        self.evaluator = Evaluator(
            lambda batch, random: metrics.sums(
                pretrainer(batch, random, training=False)
            ),
            metrics.summarize,
            dataset=None,
            strategy=strategy,
            seed=0,
        )

    @property
    def train(self):
        """A function for each phase."""
        return [train_step.update for train_step in self.train_steps]

    def evaluate(self, batch):
        index = tf.constant(0, tf.int64)
        return self.evaluator._replica_sums(batch, index)


def constant(batch) -> Batch:
    return Batch(*map(tf.constant, batch))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in SETTINGS
    ],
)
def test_steps_compile(name):
    steps = Steps(tiny.pretraining(**SETTINGS[name]))
    batch = constant(tiny.batch())
    for train in steps.train:
        assert "f32[4,16" in lowered(train, batch)
    assert "f32[4,16" in lowered(steps.evaluate, batch)


@pytest.mark.slow
@pytest.mark.parametrize(
    "size, name",
    [
        *((size, name) for size in ("small", "base") for name in MOST),
        ("large", "rtd"),  # Takes 8 GB of memory.
    ],
)
def test_steps_of_the_papers_sizes_compile(size, name):
    config = tiny.pretraining(
        model_size=size,
        model_hparam_overrides={},
        embedding_size=None,
        vocab_size=30522,
        max_seq_length=512,
        **SETTINGS[name],
    )
    steps = Steps(config)
    batch = constant(tiny.batch(size=2, length=512))
    assert encoder_config(config).num_hidden_layers >= 12
    for train in steps.train:
        assert "f32[2,512" in lowered(train, batch)
    assert "f32[2,512" in lowered(steps.evaluate, batch)


def test_an_operation_that_xla_lacks_is_named():
    number = tf.constant(1.0)
    with pytest.raises(ValueError, match=r"(?s)AsString.*test_compilation.py"):
        lowered(lambda x: tf.strings.length(tf.strings.as_string(x)), number)


def test_a_shape_that_is_not_fixed_is_shown():
    # The size of what `where` returns depends on the values.
    with pytest.raises(ValueError, match=r"not fixed: \[<=4"):
        lowered(lambda mask: tf.where(mask), tf.constant([True] * 4))
