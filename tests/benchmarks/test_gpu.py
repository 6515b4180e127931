"""The kit of a GPU, without one: its limits, and what it writes."""

import argparse
import importlib
import json

import pytest

from benchmarks.gpu import cells
from benchmarks.gpu.cells import TINY_CELLS

gpu = importlib.import_module("benchmarks.gpu.__main__")
(CELL,) = TINY_CELLS.values()
STEPS = ("tests.benchmarks.steps",)


def measured(steps: int, command=STEPS, limit=60.0) -> dict:
    args = argparse.Namespace(rounds=2, steps=steps)
    return gpu.measured(CELL, command, args, limit)


def test_what_there_is_no_time_for_is_said(tmp_path):
    output = tmp_path / "results.json"
    gpu.main([f"--output={output}", "--tiny", "--minutes=0"])
    results = json.loads(output.read_text())
    skipped = {"problem": "skipped: 0 seconds were left"}
    assert results["versions"]["keras"]
    assert results["matmul"] == results["gpu_and_cpu"] == skipped
    (rows,) = results["steps"].values()
    assert list(rows) == list(cells.programs())
    for row in rows.values():
        assert row.items() >= skipped.items()


def test_rounds_of_steps_are_timed():
    row = measured(3)
    assert "problem" not in row
    assert len(row["seconds"]) == 2
    assert row["peak_bytes"] == 123


def test_a_process_that_hangs_is_stopped(monkeypatch):
    monkeypatch.setattr(gpu, "SHORTEST", 0)
    row = measured(200, limit=8)  # Of which the start takes some.
    assert row["problem"] == "stopped after 8 seconds"
    assert row["process_seconds"] < 30
    assert "first_step_seconds" in row
    assert "seconds" not in row


def test_a_process_that_fails_is_reported():
    row = measured(1, command=(*STEPS, "--unknown"))
    assert row["problem"].startswith("status 2: ")
    assert "--unknown" in row["problem"]


def test_one_process_cannot_use_up_the_time():
    clock = gpu.Clock(minutes=10, processes=3)
    limits = [clock.next_limit() for _ in range(3)]
    assert limits == pytest.approx([300, 300, 600], abs=1)


def test_the_share_is_that_of_the_work():
    row = {"seconds": [0.5, 2.0, 1.0]}
    cell = cells.CELLS["small, 128 x 128"]
    found = gpu.derived(row, cell, rate=1161646940075.0)
    assert found == {"tokens_per_second": 16384, "share_of_matmul_rate": 1.0}
