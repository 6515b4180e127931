"""A stop in the midst of a loop must leave no trace in the results."""

import json
import os
import signal

import numpy as np
import pytest

from electra_tf.training import stopping
from electra_tf.training.stopping import (
    InterruptibleCalls,
    Stopped,
    StopSignal,
)
from tests.faults.program import TIMED
from tests.training.test_loop import STEPS, LinearRun, rows


class StopAfter:
    """Becomes true when it has been looked at some times."""

    def __init__(self, looks: int):
        self.looks = looks

    def __bool__(self):
        self.looks -= 1
        return self.looks < 0


def lines(folder, name="metrics.jsonl"):
    return [
        {k: v for k, v in row.items() if k not in TIMED}
        for row in rows(folder / name)
    ]


@pytest.fixture
def single_steps(monkeypatch):
    """Calls of one step each."""
    monkeypatch.setattr(stopping, "SECONDS", 0)


@pytest.mark.parametrize("loop", [5, 100])
def test_stopped_anywhere_and_resumed(tmp_path, loop, single_steps):
    settings = {"steps_per_loop": loop, "save_every": 4, "evaluate_every": 6}
    whole = LinearRun(tmp_path / "whole", **settings)
    whole.loop.train()
    folder = tmp_path / "parts"
    for step in range(STEPS - 1):  # Each goes on for one step.
        part = LinearRun(folder, stop=StopAfter(1), **settings)
        assert int(part.loop.step.numpy()) == step
        with pytest.raises(Stopped):
            part.loop.train()
    last = LinearRun(folder, **settings)
    last.loop.train()
    np.testing.assert_array_equal(last.weight, whole.weight)
    for name, slot in whole.optimizer.slots.items():
        np.testing.assert_array_equal(last.optimizer.slots[name], slot)
    assert lines(folder) == lines(tmp_path / "whole")
    assert lines(folder, "evaluations.jsonl") == lines(
        tmp_path / "whole", "evaluations.jsonl"
    )


def test_stopped_before_the_first_step(tmp_path):
    with pytest.raises(Stopped):
        LinearRun(tmp_path, stop=StopAfter(0)).loop.train()
    assert not (tmp_path / "metrics.jsonl").exists()
    LinearRun(tmp_path).loop.train()
    assert [row["step"] for row in lines(tmp_path)] == [3, 6, 9, 12]


def test_calls_last_about_as_long_as_asked(monkeypatch):
    clock = iter(np.arange(0, 100, 0.25))
    monkeypatch.setattr(stopping.time, "monotonic", lambda: float(next(clock)))
    sizes = []
    InterruptibleCalls(StopAfter(1000))(sizes.append, 80)
    # Every call takes a quarter of a second here, whatever its size.
    assert sizes == [1, 4, 16, 59]


def test_only_the_first_interrupt_is_held_back(interrupts):
    with StopSignal(signal.SIGINT) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop and str(stop) == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ignored_signals_stay_ignored():
    """As those of a program that `nohup` or a shell's `&` has started."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopSignal(signal.SIGINT) as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert not stop
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_evaluation_stops_between_batches(tmp_path):
    linear = LinearRun(tmp_path)
    linear.loop.evaluator.stop = StopAfter(2)
    with pytest.raises(Stopped):
        linear.loop.evaluate()
    assert not (tmp_path / "evaluations.jsonl").exists()
    linear.loop.evaluator.stop = None
    linear.loop.evaluate()
    assert [row["step"] for row in lines(tmp_path, "evaluations.jsonl")] == [0]


def test_an_evaluation_that_was_not_made_is_made_on_resuming(tmp_path):
    """Killed between the checkpoint and the evaluation after it."""
    settings = {"save_every": 6, "evaluate_every": 6}
    LinearRun(tmp_path, **settings).loop.train()
    expected = lines(tmp_path, "evaluations.jsonl")
    for path in tmp_path.glob("model.ckpt-12*"):
        path.unlink()
    (tmp_path / "evaluations.jsonl").unlink()
    LinearRun(tmp_path, **settings).loop.train()
    assert lines(tmp_path, "evaluations.jsonl") == expected
    assert [row["step"] for row in expected] == [6]


def test_damaged_rows_are_rewritten(tmp_path):
    """A line that was cut short, and rows of steps that are done again."""
    LinearRun(tmp_path, num_train_steps=6).loop.train()
    expected = lines(tmp_path)
    with open(tmp_path / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"step": 9, "loss": 1.0}) + '\n{"step": 12, "lo')
    LinearRun(tmp_path).loop.train()
    assert lines(tmp_path)[:2] == expected
    assert [row["step"] for row in lines(tmp_path)] == [3, 6, 9, 12]
