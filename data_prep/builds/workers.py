"""Runs the jobs of a build in one or more processes, and shows progress."""

import concurrent.futures
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.errors import UserError
from electra_tf.text.unknown import NO_TOKENS, Counts

# Seconds between looks at how far the workers are.
POLL_SECONDS = 0.5
SECONDS_BETWEEN_LINES = 5.0
# Workers without work end at once; these are told to when the wait is over.
SECONDS_TO_END = 10.0
BYTES_PER_MB = 1_000_000
# A fresh interpreter each: works alike on all systems, and beside threads.
_CONTEXT = multiprocessing.get_context("spawn")
_BYTES, _EXAMPLES, _TOKENS, _UNKNOWN, _STOP = range(5)


class Stopped(Exception):  # noqa: N818 (not an error)
    """The build is being given up; another process knows why."""


class Progress:
    """Counters that processes share.

    Args:
        total_bytes: Size of the text.
        left_bytes: Size of what an earlier run has not done.
    """

    def __init__(self, total_bytes: int, left_bytes: int):
        self._counters = _CONTEXT.Array("q", 5)
        self._total = total_bytes
        self._before = total_bytes - left_bytes
        self._began = self._shown = time.monotonic()

    def add(
        self, size: int, examples: int, unknown: Counts = NO_TOKENS
    ) -> None:
        """Count bytes read and what was made; raise Stopped if told to."""
        with self._counters.get_lock():
            self._counters[_BYTES] += size
            self._counters[_EXAMPLES] += examples
            self._counters[_TOKENS] += unknown.tokens
            self._counters[_UNKNOWN] += unknown.unknown
        if self._counters[_STOP]:
            raise Stopped

    def stop(self) -> None:
        """Make all workers stop at their next piece of text."""
        self._counters[_STOP] = 1

    def show_if_due(self) -> None:
        """Print a line, if the last one is some seconds old."""
        now = time.monotonic()
        if now - self._shown >= SECONDS_BETWEEN_LINES:
            self._shown = now
            print(self._line(now - self._began), file=sys.stderr, flush=True)

    def _line(self, seconds: float) -> str:
        now = self._counters[_BYTES]
        speed = now / max(seconds, 1e-9)
        done = self._before + now
        tokens = Counts(self._counters[_TOKENS], self._counters[_UNKNOWN])
        left = f"{(self._total - done) / speed:.0f} s left" if now else "..."
        return (
            f"{done / BYTES_PER_MB:.1f} of {self._total / BYTES_PER_MB:.1f} MB,"
            f" {speed / BYTES_PER_MB:.2f} MB/s,"
            f" {self._counters[_EXAMPLES]} examples,"
            f" {tokens.share:.2%} [UNK], {left}"
        )

    def summary(self) -> str:
        """Say how much text it was and how long it took."""
        seconds = time.monotonic() - self._began
        size = self._counters[_BYTES] / BYTES_PER_MB
        return f"{size:.1f} MB of text in {seconds:.1f} s"


# From config, job and progress to a job's result.
Task = Callable[[PretrainingDatasetConfig, Any, Progress], Any]

# Shared by a worker process and the one that started it.
_shared: dict[str, Progress] = {}


def run_all(
    task: Task,
    config: PretrainingDatasetConfig,
    jobs: Sequence,
    progress: Progress,
) -> list:
    """Do a task for each job; return the results, in order.

    Raises:
        UserError: A worker process was killed.
        Exception: What a job raised; the others are stopped.
    """
    others = multiprocessing.active_children()
    with _executor(config.num_processes, progress) as executor:
        futures = [executor.submit(_run, task, config, job) for job in jobs]
        try:
            _wait(futures, progress)
            return [future.result() for future in futures]
        except concurrent.futures.BrokenExecutor as error:
            raise UserError(
                "A worker process was killed, perhaps for want of memory. Try"
                f" fewer than --num_processes={config.num_processes}."
            ) from error
        finally:
            progress.stop()
            executor.shutdown(wait=False, cancel_futures=True)
            _end_workers(others)


def _executor(num_processes: int, progress: Progress):
    if num_processes == 1:
        # A thread, so that the progress can be shown meanwhile.
        return concurrent.futures.ThreadPoolExecutor(
            1, initializer=_shared.update, initargs=({"progress": progress},)
        )
    return concurrent.futures.ProcessPoolExecutor(
        num_processes, _CONTEXT, _start_process, (progress,)
    )


def _end_workers(others: Sequence) -> None:
    """Wait for the workers to end, but not for ever.

    One that was killed while it held the lock of the queue of results keeps
    the others waiting for it.

    Args:
        others: child processes that are no workers.
    """
    deadline = time.monotonic() + SECONDS_TO_END
    # Again, as one may have been about to start.
    while workers := set(multiprocessing.active_children()) - set(others):
        for worker in workers:
            worker.join(max(0.0, deadline - time.monotonic()))
            if worker.is_alive():
                worker.kill()
                worker.join()


def _start_process(progress: Progress) -> None:
    # Ctrl-C is dealt with by the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared["progress"] = progress
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave no worker behind when the build is killed."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _run(task: Task, config: PretrainingDatasetConfig, job):
    return task(config, job, _shared["progress"])


def _wait(futures, progress: Progress) -> None:
    """Show the progress until all are done or one has failed."""
    waiting = set(futures)
    while waiting:
        done, waiting = concurrent.futures.wait(
            waiting, POLL_SECONDS, concurrent.futures.FIRST_EXCEPTION
        )
        for future in done:
            error = future.exception()
            if error is not None and not isinstance(error, Stopped):
                raise error
        progress.show_if_due()
