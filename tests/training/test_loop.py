"""The loop on a linear model: least squares on three features."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.loss_terms import LossTerm
from electra_tf.training import distribution
from electra_tf.training.checkpoints import read_variables
from electra_tf.training.loop import Phase, TrainingLoop
from electra_tf.training.non_finite import NonFiniteError
from electra_tf.training.optimizer import AdamW
from electra_tf.training.settings import Settings
from electra_tf.training.step import Evaluator
from tests.replicas import two_replicas

TRUE = np.array([[1.0], [-2.0], [0.5]], np.float32)
STEPS = 12


def decaying_rate(step):
    return 0.3 * (1 - tf.cast(step, tf.float32) / STEPS)


class LinearRun:
    """Builds a model, its data and a `TrainingLoop`."""

    def __init__(
        self,
        folder,
        strategy=None,
        poison=None,
        weighted=True,
        stop=None,
        **settings,
    ):
        self.strategy = strategy or tf.distribute.get_strategy()
        self.poison = poison
        self.weighted = weighted
        with self.strategy.scope():
            self.weight = keras.Variable(np.zeros((3, 1), "f4"), name="weight")
            variables = {"model/weight.x": self.weight}
            self.optimizer = AdamW(variables, decaying_rate)
        defaults = {
            "num_train_steps": STEPS,
            "steps_per_loop": 3,
            "save_every": 3,
            "model_dir": folder and str(folder),
        }
        self.loop = TrainingLoop(
            [Phase(0, self.step_function)],
            self.optimizer,
            variables,
            self.dataset,
            self.strategy,
            Settings(**{**defaults, **settings}),
            self.evaluator(),
            stop,
        )

    def examples(self, start=0):
        rng = np.random.default_rng(0)
        inputs = rng.normal(size=(STEPS * 8, 3)).astype(np.float32)
        if self.poison is not None:
            inputs[self.poison * 8] = np.nan
        data = tf.data.Dataset.from_tensor_slices((inputs, inputs @ TRUE))
        replicas = self.strategy.num_replicas_in_sync
        return data.batch(8 // replicas, drop_remainder=True).skip(
            start * replicas
        )

    def dataset(self, start):
        return distribution.distribute(
            lambda context: self.examples(start), self.strategy
        )

    def step_function(self, batch, random):
        inputs, targets = batch
        # Examples have weights, so that replicas have unequal counts.
        weights = random.uniform((inputs.shape[0], 1), "weights")
        if not self.weighted:
            weights = tf.ones_like(weights)
        error = tf.square(tf.matmul(inputs, self.weight.value) - targets)
        total = tf.reduce_sum(weights * error)
        return {"loss": LossTerm(1.0, total, tf.reduce_sum(weights))}

    def evaluator(self):
        def sums(batch, random):
            inputs, targets = batch
            error = tf.matmul(inputs, self.weight.value) - targets
            return {"error": tf.reduce_sum(tf.abs(error))}

        data = distribution.distribute(
            lambda context: self.examples(), self.strategy
        )
        return Evaluator(
            sums, lambda s: {"error": float(s["error"])}, data, self.strategy, 0
        )


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_trains_saves_and_reports(tmp_path, capsys):
    linear = LinearRun(tmp_path)
    before = linear.loop.evaluate()["error"]
    linear.loop.train()
    assert linear.loop.evaluate()["error"] < before / 2
    metrics = rows(tmp_path / "metrics.jsonl")
    assert [row["step"] for row in metrics] == [3, 6, 9, 12]
    assert metrics[-1]["loss"] < metrics[0]["loss"]
    rates = [row["learning_rate"] for row in metrics]
    assert rates == pytest.approx([0.25, 0.175, 0.1, 0.025])
    saved = read_variables(str(tmp_path))
    np.testing.assert_array_equal(saved["model/weight.x"], linear.weight)
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("-12")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "step 12/12 | loss" in captured.err
    assert list((tmp_path / "summaries" / "train").iterdir())


def test_resumed_run_equals_an_uninterrupted_one(tmp_path):
    whole = LinearRun(tmp_path / "whole")
    whole.loop.train()
    LinearRun(tmp_path / "parts", num_train_steps=6).loop.train()
    resumed = LinearRun(tmp_path / "parts")
    assert int(resumed.loop.step.numpy()) == 6
    resumed.loop.train()
    np.testing.assert_array_equal(whole.weight, resumed.weight)
    for name, slot in whole.optimizer.slots.items():
        np.testing.assert_array_equal(slot, resumed.optimizer.slots[name])


@pytest.mark.parametrize("steps_per_loop", [1, 5, 100])
def test_steps_per_loop_changes_nothing(steps_per_loop):
    reference, other = (
        LinearRun(None),
        LinearRun(None, steps_per_loop=steps_per_loop),
    )
    reference.loop.train()
    other.loop.train()
    np.testing.assert_array_equal(reference.weight, other.weight)


def test_compiled_step_gives_the_same():
    # XLA turns the bits into other numbers.
    plain = LinearRun(None, weighted=False)
    compiled = LinearRun(None, weighted=False, jit_compile=True)
    plain.loop.train()
    compiled.loop.train()
    np.testing.assert_allclose(plain.weight, compiled.weight, atol=1e-6)


def test_update_does_not_depend_on_the_number_of_replicas():
    alone = LinearRun(None)
    alone.loop.train()
    together = LinearRun(None, two_replicas())
    together.loop.train()
    np.testing.assert_allclose(together.weight, alone.weight, atol=1e-6)


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("parts", [2, 4])
def test_update_does_not_depend_on_the_parts_of_a_batch(replicas, parts):
    whole = LinearRun(None)
    whole.loop.train()
    strategy = two_replicas() if replicas == 2 else None
    in_parts = LinearRun(None, strategy, accumulation_steps=parts)
    in_parts.loop.train()
    np.testing.assert_allclose(in_parts.weight, whole.weight, atol=1e-6)


@pytest.mark.parametrize("replicas", [1, 2])
def test_an_update_that_is_not_finite_changes_nothing(
    tmp_path, caplog, replicas
):
    strategy = two_replicas() if replicas == 2 else None
    linear = LinearRun(tmp_path, strategy, poison=7, num_train_steps=7)
    linear.loop.train()
    before = linear.weight.numpy().copy()
    slots = {k: v.numpy() for k, v in linear.optimizer.slots.items()}
    # Step 7 has the damaged batch; the run stops right after it.
    resumed = LinearRun(tmp_path, strategy, poison=7, num_train_steps=8)
    resumed.loop.train()
    np.testing.assert_array_equal(resumed.weight, before)
    for name, slot in resumed.optimizer.slots.items():
        np.testing.assert_array_equal(slot, slots[name])
    assert "The update of step 7 is skipped" in caplog.text
    assert rows(tmp_path / "metrics.jsonl")[-1]["skipped_updates"] == 1


def test_a_run_goes_on_after_a_skipped_update(tmp_path):
    linear = LinearRun(tmp_path, poison=7)
    linear.loop.train()
    assert int(linear.loop.step.numpy()) == STEPS
    assert np.isfinite(linear.weight.numpy()).all()
    losses = [row["loss"] for row in rows(tmp_path / "metrics.jsonl")]
    assert np.isfinite(losses).all()


def test_too_many_skipped_updates_stop_the_run(tmp_path):
    with pytest.raises(NonFiniteError, match=r"1 updates in a row, .* steps 7"):
        LinearRun(tmp_path, poison=7, max_skipped_updates=1).loop.train()
    saved = read_variables(str(tmp_path))
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("-6")
    assert np.isfinite(saved["model/weight.x"]).all()


def test_checkpoint_of_another_model(tmp_path):
    LinearRun(tmp_path).loop.train()
    other = {"model/other": keras.Variable(np.zeros((2, 2), "f4"))}
    with pytest.raises(ValueError, match="does not fit this model"):
        TrainingLoop(
            [Phase(0, None)],
            AdamW(other, lambda step: 0.1),
            other,
            lambda start: [],
            tf.distribute.get_strategy(),
            Settings(1, 1, model_dir=str(tmp_path)),
        )


def test_evaluates_on_the_way(tmp_path):
    LinearRun(tmp_path, evaluate_every=6).loop.train()
    assert [r["step"] for r in rows(tmp_path / "evaluations.jsonl")] == [6]


def test_evaluation_of_nothing():
    linear = LinearRun(None)
    with pytest.raises(ValueError, match="not one whole batch"):
        linear.loop.evaluator.evaluate(0)


def steps(folder) -> list[int]:
    return [row["step"] for row in rows(folder / "metrics.jsonl")]


def test_counted_work(tmp_path, capsys):
    counts = {
        "train_flops": lambda steps: steps * 2e9,
        "executed_flops": lambda steps: steps * 1e9,
    }
    linear = LinearRun(tmp_path, examples_per_step=8, **counts)
    linear.loop.train()
    linear.loop.evaluate()
    metrics = rows(tmp_path / "metrics.jsonl")
    assert [row["train_flops"] for row in metrics] == [6e9, 12e9, 18e9, 24e9]
    assert [row["examples"] for row in metrics] == [24, 48, 72, 96]
    assert all(row["matmul_share"] > 0 for row in metrics)
    assert "FLOP/s (" in capsys.readouterr().err
    for name in ("train", "eval", "train_by_flops", "eval_by_flops"):
        assert list((tmp_path / "summaries" / name).iterdir()), name


def test_a_record_of_each_start(tmp_path):
    LinearRun(tmp_path, num_train_steps=6).loop.train()
    LinearRun(tmp_path).loop.train()
    starts = rows(tmp_path / "runs.jsonl")
    assert [row["step"] for row in starts] == [0, 6]
    assert starts[1]["num_train_steps"] == 12
    assert starts[1]["replicas"] == 1


def test_warnings_of_the_program(tmp_path, caplog):
    linear = LinearRun(None)
    linear.loop.warn = lambda step, metrics: "odd" if step == 6 else None
    linear.loop.train()
    assert caplog.messages.count("odd") == 1


def test_trace_of_some_steps(tmp_path):
    LinearRun(tmp_path, profile_steps=(4, 5)).loop.train()
    assert steps(tmp_path) == [3, 4, 5, 6, 9, 12]
    traces = tmp_path / "summaries" / "profile" / "plugins" / "profile"
    assert list(traces.rglob("*.xplane.pb"))


def test_no_trace_of_steps_that_are_past(tmp_path):
    LinearRun(tmp_path, num_train_steps=6).loop.train()
    LinearRun(tmp_path, profile_steps=(2, 5)).loop.train()
    assert steps(tmp_path) == [3, 6, 9, 12]
    assert not (tmp_path / "summaries" / "profile").exists()


def test_a_trace_and_evaluations(tmp_path):
    settings = {"profile_steps": (5, 7), "evaluate_every": 6}
    LinearRun(tmp_path, **settings).loop.train()
    assert steps(tmp_path) == [3, 5, 6, 7, 9, 12]
    assert [r["step"] for r in rows(tmp_path / "evaluations.jsonl")] == [6]
