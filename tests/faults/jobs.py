"""Programs that are the workers of one job, on this machine."""

import json
import os
import socket

from tests.faults.program import Program


class Job:
    """Several workers that train one model.

    Args:
        workers: the programs, the chief first.
    """

    def __init__(self, *workers: Program):
        self.workers = workers
        self.chief = workers[0]

    def start(self, *flags: str, last_ones=()) -> "Job":
        """Start all; the last worker gets flags of its own, too."""
        cluster = {"worker": free_addresses(len(self.workers))}
        for index, worker in enumerate(self.workers):
            task = {"type": "worker", "index": index}
            config = json.dumps({"cluster": cluster, "task": task})
            worker.start(
                "--distribution_strategy=multi_worker_mirrored",
                *flags,
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
