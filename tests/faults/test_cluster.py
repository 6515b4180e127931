"""Two workers on this machine: one is to be stopped, and both go on."""

import json
import os
import signal
import socket

import pytest

from tests.faults.program import Program, assert_same

SETTINGS = {
    "num_train_steps": 400,
    "iterations_per_loop": 10,
    "save_checkpoints_steps": 100,
    "distribution_strategy": "multi_worker_mirrored",
}


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Cluster:
    """The same command on every worker."""

    def __init__(self, data_dir, name):
        self.workers = [Program(data_dir, name, **SETTINGS) for _ in range(2)]

    def start(self):
        names = [f"localhost:{port}" for port in free_ports(2)]
        for index, worker in enumerate(self.workers):
            config = {
                "cluster": {"worker": names},
                "task": {"type": "worker", "index": index},
            }
            environment = {**os.environ, "TF_CONFIG": json.dumps(config)}
            worker.start(env=environment)

    def end(self) -> list[tuple[int, str]]:
        return [worker.end() for worker in self.workers]

    def finish(self):
        self.start()
        for status, printed in self.end():
            assert status == 0, printed


@pytest.mark.slow
def test_one_of_two_workers_is_to_be_stopped(data_dir):
    reference = Cluster(data_dir, "both workers")
    reference.finish()
    stopped = Cluster(data_dir, "one stopped")
    stopped.start()
    chief, other = stopped.workers
    assert chief.wait_for_step(50)
    other.process.send_signal(signal.SIGTERM)
    for status, printed in stopped.end():
        assert status == os.EX_TEMPFAIL, printed
    assert 50 < chief.state()["step"] < 400
    stopped.finish()
    assert_same(chief, reference.workers[0])
    assert not list(chief.folder.glob("unfinished_checkpoint*"))
