"""Runs the jobs of a build in one or more processes."""

import concurrent.futures
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import Any

from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.jobs import Job
from data_prep.progress import Progress, Stopped

# Seconds between looks at how far the workers are.
POLL_SECONDS = 0.5
# A fresh interpreter each: works alike on all systems, and beside threads.
CONTEXT = multiprocessing.get_context("spawn")

Task = Callable[[PretrainingDatasetConfig, Job, Progress], Any]

# What a worker process shares with the one that started it.
_shared: dict[str, Progress] = {}


def run_all(
    task: Task,
    config: PretrainingDatasetConfig,
    all_jobs: Sequence[Job],
    progress: Progress,
) -> list:
    """Run jobs; return their results, in order.

    Args:
        task: Function from config, job and progress to a job's result.
        config: Settings of the build.
        all_jobs: The jobs.
        progress: Where the jobs count what they have done.

    Raises:
        RuntimeError: A worker process was killed.
        Exception: What a job raised; the others are stopped.
    """
    with _executor(config.num_processes, progress) as executor:
        futures = [executor.submit(_run, task, config, job) for job in all_jobs]
        try:
            _wait(futures, progress)
            return [future.result() for future in futures]
        except concurrent.futures.BrokenExecutor as error:
            raise RuntimeError(
                "A worker process was killed, perhaps for want of memory. Try"
                f" fewer than --num_processes={config.num_processes}."
            ) from error
        finally:
            progress.stop()
            executor.shutdown(wait=True, cancel_futures=True)


def _executor(num_processes: int, progress: Progress):
    if num_processes == 1:
        # A thread, so that the progress can be shown meanwhile.
        return concurrent.futures.ThreadPoolExecutor(
            1, initializer=_shared.update, initargs=({"progress": progress},)
        )
    return concurrent.futures.ProcessPoolExecutor(
        num_processes, CONTEXT, _start_process, (progress,)
    )


def _start_process(progress: Progress) -> None:
    # Ctrl-C is dealt with by the process that started this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _shared["progress"] = progress
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave no worker behind when the build is killed."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _run(task: Task, config: PretrainingDatasetConfig, job: Job):
    return task(config, job, _shared["progress"])


def _wait(futures, progress: Progress) -> None:
    """Show the progress until all are done or one has failed."""
    waiting = set(futures)
    while waiting:
        done, waiting = concurrent.futures.wait(
            waiting, POLL_SECONDS, concurrent.futures.FIRST_EXCEPTION
        )
        for future in done:
            _raise_error(future)
        progress.show_if_due()


def _raise_error(future) -> None:
    error = future.exception()
    if error is not None and not isinstance(error, Stopped):
        raise error
