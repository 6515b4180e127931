"""Errors in the processes of a build."""

import multiprocessing
import threading
import time
import traceback

import pytest

from data_prep.builds import workers
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.errors import UserError
from electra_tf.text.unknown import Counts


def faulty_task(config, job, progress):
    if job == 1:
        raise TypeError("a fault of ours")
    if job == 2:
        raise UserError("damaged text")


@pytest.mark.parametrize("num_processes", [1, 2])
def test_errors_keep_their_kind_and_place(num_processes):
    config = PretrainingDatasetConfig(
        corpus_dir="x",
        vocab_file="x",
        output_dir="x",
        num_processes=num_processes,
    )
    for job, kind in ((1, TypeError), (2, UserError)):
        progress = workers.Progress(1, 1)
        with pytest.raises(kind) as caught:
            workers.run_all(faulty_task, config, [0, job], progress)
        shown = "".join(traceback.format_exception(caught.value))
        assert "in faulty_task" in shown


def task_whose_worker_never_ends(config, job, progress):
    threading.Thread(target=time.sleep, args=(600,)).start()
    return job


def test_a_worker_that_does_not_end_is_ended(monkeypatch):
    """As one that waits for a lock whose owner was killed."""
    monkeypatch.setattr(workers, "SECONDS_TO_END", 0.2)
    config = PretrainingDatasetConfig(
        corpus_dir="x", vocab_file="x", output_dir="x", num_processes=2
    )
    progress = workers.Progress(1, 1)
    before = {*multiprocessing.active_children()}
    found = workers.run_all(
        task_whose_worker_never_ends, config, [0, 1, 2], progress
    )
    assert found == [0, 1, 2]
    assert {*multiprocessing.active_children()} <= before


def test_the_share_of_unknown_tokens_is_shown(monkeypatch, capsys):
    monkeypatch.setattr(workers, "SECONDS_BETWEEN_LINES", 0.0)
    progress = workers.Progress(2_000_000, 1_000_000)
    progress.add(400_000, 7, Counts(150, 1))
    progress.add(100_000, 1, Counts(50, 5))
    progress.show_if_due()
    line = capsys.readouterr().err
    assert line.startswith("1.5 of 2.0 MB, ")
    assert ", 8 examples, 3.00% [UNK], " in line
