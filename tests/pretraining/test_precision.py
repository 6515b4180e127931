"""Training in bfloat16 and float16 against float32."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.pretraining import objectives
from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW
from electra_tf.training.settings import Settings
from electra_tf.training.step import TrainStep
from tests import tiny
from tests.pretraining.test_pretrainer import build, gradients
from tests.pretraining.variants import VARIANTS

# A layer that rounds where it must not does so in bfloat16, too, which all
# variants are tested in; only these are in float16.
QUICK = ("rtd", "electric", "all_tokens_mlm")


@pytest.mark.parametrize(
    ("variant", "precision"),
    [
        *((name, "bfloat16") for name in VARIANTS),
        *(
            pytest.param(
                name, "float16", marks=[pytest.mark.slow] * (name not in QUICK)
            )
            for name in VARIANTS
        ),
    ],
)
def test_losses_logits_and_gradients_are_float32(variant, precision):
    settings = {
        **VARIANTS[variant],
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    exact, rounded = build(**settings), build(**settings, precision=precision)
    for path, weight in rounded.variables.items():
        assert weight.dtype == "float32"
        weight.assign(exact.variables[path])
    found, output, loss = gradients(rounded)
    assert rounded.main.blocks[0].compute_dtype == precision
    assert {g.dtype for g in found.values()} == {tf.float32}
    assert output.generator_output.logits.dtype == tf.float32
    if output.disc_logits is not None:
        assert output.disc_logits.dtype == tf.float32
    _, _, expected = gradients(exact)
    # bfloat16 has 8 significant bits.
    assert float(loss) == pytest.approx(float(expected), rel=2e-2)


def train_step(precision, num_steps=12, scale=1.0):
    """A `TrainStep` on one batch, whose loss is multiplied by `scale`."""
    pretrainer = build(precision=precision)
    step = tf.Variable(0, dtype=tf.int64)
    batch = Batch(*map(tf.constant, tiny.batch()))

    def losses(batch, random):
        output = pretrainer(batch, random, training=True)
        terms = objectives.losses(pretrainer.config, output)
        return {k: t._replace(total=t.total * scale) for k, t in terms.items()}

    return TrainStep(
        losses,
        AdamW(pretrainer.variables, lambda step: 1e-3),
        iter(tf.data.Dataset.from_tensors(batch).repeat()),
        tf.distribute.get_strategy(),
        step,
        Settings(num_steps, num_steps),
        NonFiniteGuard(limit=20, loss_scaling=precision == "float16"),
    )


def trained(chosen: TrainStep, num_steps: int) -> dict:
    return chosen.metrics(chosen.run(num_steps))


def test_the_loss_scale_falls_until_nothing_overflows():
    # The first scales give gradients above float16's largest number, 65504.
    metrics = trained(train_step("float16", scale=1e2), 12)
    assert 1 <= metrics["loss_scale"] < 2**15
    halvings = np.log2(2**15 / metrics["loss_scale"])
    assert metrics["skipped_updates"] == halvings
    assert np.isfinite(metrics["disc_loss"])


def test_the_loss_scale_grows_again(monkeypatch):
    monkeypatch.setattr("electra_tf.training.non_finite._GROWTH_INTERVAL", 3)
    metrics = trained(train_step("float16", scale=1e-3), 7)
    assert metrics["loss_scale"] == 2**17


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_only_float16_scales(precision):
    metrics = trained(train_step(precision), 2)
    assert not {"loss_scale", "skipped_updates"} & set(metrics)


def test_layers_made_later_are_float32_again():
    Pretrainer(tiny.pretraining(precision="bfloat16"), tiny.SPECIAL)
    assert build().main.compute_dtype == "float32"
