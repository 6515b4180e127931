"""Two workers on this machine: one is to be stopped, and both go on."""

import os
import signal

import pytest

from tests.faults.jobs import Job
from tests.faults.program import Program, assert_same

SETTINGS = {
    "num_train_steps": 400,
    "iterations_per_loop": 10,
    "save_checkpoints_steps": 100,
}


def job(data_dir, name) -> Job:
    return Job(*(Program(data_dir, name, **SETTINGS) for _ in range(2)))


@pytest.mark.slow
def test_one_of_two_workers_is_to_be_stopped(data_dir):
    reference = job(data_dir, "both workers").start()
    reference.finish()
    stopped = job(data_dir, "one stopped").start()
    chief, other = stopped.workers
    assert chief.wait_for_step(50)
    other.process.send_signal(signal.SIGTERM)
    for status, printed in stopped.end():
        assert status == os.EX_TEMPFAIL, printed
    assert 50 < chief.state()["step"] < 400
    stopped.start().finish()
    assert_same(chief, reference.chief)
    assert not list(chief.folder.glob("unfinished_checkpoint*"))
