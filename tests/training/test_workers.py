"""The program as a job of several processes on this machine."""

import json
import math
import os
import re
import socket

import numpy as np
import pytest

from tests.faults.program import SMALL, Program
from tests.small_run import pretrain

SETTINGS = {
    **SMALL,
    "train_batch_size": 12,
    "eval_batch_size": 12,
    "num_train_steps": 12,
    "iterations_per_loop": 2,
    "save_checkpoints_steps": 4,
}
LONG = {**SETTINGS, "num_train_steps": 300}


class Job:
    """Several workers that train one model.

    Args:
        number: int, of workers.
        folder: where vocabulary and records are.
        name: str, name of the run.
        settings: dict, settings by name.
    """

    def __init__(self, number: int, folder, name: str, **settings):
        self.workers = [
            Program(folder, name, **settings) for _ in range(number)
        ]
        self.chief = self.workers[0]

    def start(self, last_ones=()) -> "Job":
        """Start all; the last worker gets flags of its own."""
        cluster = {"worker": free_addresses(len(self.workers))}
        for index, worker in enumerate(self.workers):
            task = {"type": "worker", "index": index}
            config = json.dumps({"cluster": cluster, "task": task})
            worker.start(
                "--distribution_strategy=multi_worker_mirrored",
                "--do_eval",
                *(last_ones if worker is self.workers[-1] else ()),
                env={**os.environ, "TF_CONFIG": config},
            )
        return self

    def end(self) -> list[tuple[int, str]]:
        """Exit status of each worker, and what it printed."""
        return [worker.end() for worker in self.workers]

    def finish(self) -> list[str]:
        ends = self.end()
        assert [status for status, _ in ends] == [0] * len(ends), ends
        return [printed for _, printed in ends]


def free_addresses(number: int) -> list[str]:
    """Addresses of this machine that nobody listens to."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return [f"127.0.0.1:{port}" for port in ports]


def alone(data_dir, name="alone", **settings) -> Program:
    """What one process makes of the same settings."""
    pretrain(data_dir, name, "--do_eval", **settings)
    return Program(data_dir, name, **settings)


def assert_close(program: Program, reference: Program, atol=1e-5):
    """Equal but for the order in which gradients are added."""
    state, expected = program.state(), reference.state()
    assert state.keys() == expected.keys()
    for path, value in expected.items():
        np.testing.assert_allclose(state[path], value, atol=atol, err_msg=path)
    for row, other in zip(
        [*training_rows(program), results(program)],
        [*training_rows(reference), results(reference)],
        strict=True,
    ):
        assert row == pytest.approx(other, rel=1e-4, nan_ok=True)


def training_rows(program: Program) -> list[dict]:
    """Rows without the AUC, which is a mean of the replicas' own.

    What is not a number, such as the precision where nothing is called
    replaced, is null in the file.
    """
    return [
        {
            name: math.nan if value is None else value
            for name, value in row.items()
            if name != "disc_auc"
        }
        for row in program.rows("metrics.jsonl")
    ]


def results(program: Program) -> dict:
    path = program.folder / "results" / "unsup_results.json"
    found = json.loads(path.read_text())
    found.pop("steps_per_second", None)
    return found


def test_two_workers_equal_one(data_dir):
    job = Job(2, data_dir, "two", **SETTINGS).start()
    reference = alone(data_dir, **SETTINGS)
    printed = job.finish()
    assert_close(job.chief, reference)
    assert "step 12/12" in printed[0]
    assert re.search(r"step \d+/12", printed[1]) is None
    left = {path.name for path in job.chief.folder.iterdir()}
    assert left == {path.name for path in reference.folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, changes",
    [
        ("compiled", {}),
        ("parts", {"accumulation_steps": 2}),
        ("half", {"precision": "float16", "accumulation_steps": 2}),
    ],
)
def test_two_compiled_workers_equal_one(data_dir, name, changes):
    settings = {**SETTINGS, **changes, "jit_compile": True}
    job = Job(2, data_dir, f"two {name}", **settings).start()
    if "precision" in changes:  # Its parts are rounded, see `test_replicas`.
        settings["accumulation_steps"] *= 2
    reference = alone(data_dir, f"one {name}", **settings)
    printed = job.finish()
    assert "compiled but for the sum" in printed[0]
    assert_close(job.chief, reference, atol=1e-6)


@pytest.mark.slow
def test_three_workers_equal_one(data_dir):
    job = Job(3, data_dir, "three", **SETTINGS).start()
    reference = alone(data_dir, "alone3", **SETTINGS)
    job.finish()
    assert_close(job.chief, reference)


@pytest.mark.slow
@pytest.mark.parametrize("number, victim", [(2, 0), (2, 1), (3, 2)])
def test_a_killed_worker_ends_the_job_and_it_goes_on(
    data_dir,
    number,
    victim,
):
    job = Job(number, data_dir, f"killed{number}{victim}", **LONG).start()
    assert job.chief.wait_for_step(40)
    job.workers[victim].kill()
    for index, worker in enumerate(job.workers):
        if index != victim:
            status, printed = worker.end()
            assert status == 1
            assert "Another worker of this job has ended" in printed
    assert job.chief.last_step() < LONG["num_train_steps"]
    job.start().finish()
    assert_close(job.chief, alone(data_dir, f"whole{number}{victim}", **LONG))


@pytest.mark.slow
def test_workers_that_see_different_folders(data_dir):
    job = Job(2, data_dir, "seen", **SETTINGS)
    job.start().finish()
    elsewhere = f"--model_dir={data_dir / 'models' / 'unseen'}"
    for status, printed in job.start([elsewhere]).end():
        assert status == 1
        assert "differ in the step they go on from" in printed
