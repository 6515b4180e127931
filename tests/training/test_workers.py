"""The program as a job of several processes on this machine."""

import json
import math
import os
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf

import run_finetuning
import run_pretraining
from electra_tf.training import cluster, workers
from electra_tf.training.workers import LostWorkerError
from tests import tiny
from tests.faults.jobs import Job
from tests.faults.program import SMALL, Program
from tests.small_run import pretrain

MULTI_WORKER = "MultiWorkerMirroredStrategy"
SETTINGS = {
    **SMALL,
    "train_batch_size": 12,
    "eval_batch_size": 12,
    "num_train_steps": 12,
    "iterations_per_loop": 2,
    "save_checkpoints_steps": 4,
}
LONG = {**SETTINGS, "num_train_steps": 300}


def lost(*_, **__):
    """Do what an operation of all workers does when one has gone."""
    raise tf.errors.UnavailableError(None, None, "Collective ops is aborted")


@pytest.mark.parametrize(
    "begin",
    [
        lambda config: run_pretraining.pretrain(config, None, [], {}),
        lambda config: run_finetuning.finetune(config, [], None, {}, None, {}),
    ],
    ids=["run_pretraining", "run_finetuning"],
)
@pytest.mark.parametrize("at", ["strategy", "configs"])
def test_a_worker_lost_before_training_is_named(monkeypatch, begin, at):
    # Of the chief, which no other process joins.
    config = tiny.pretraining(do_train=True)
    if at == "strategy":
        config = config.replace(distribution_strategy=cluster.STRATEGY)
        monkeypatch.setattr(tf.distribute, MULTI_WORKER, lost)
        monkeypatch.setattr(cluster, "check", lambda *_: None)
    else:
        monkeypatch.setattr(workers, "is_cluster", lambda _: True)
        monkeypatch.setattr(workers, "gathered", lost)
    message = "Another worker of this job has"
    with pytest.raises(LostWorkerError, match=message) as caught:
        begin(config)
    # Supervisors start the job again after it, and not after 1.
    assert caught.value.exit_status == os.EX_UNAVAILABLE


def job(number: int, folder, name: str, **settings) -> Job:
    return Job(*(Program(folder, name, **settings) for _ in range(number)))


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
    two = job(2, data_dir, "two", **SETTINGS).start("--do_eval")
    reference = alone(data_dir, **SETTINGS)
    printed = two.finish()
    assert_close(two.chief, reference)
    assert "step 12/12" in printed[0]
    assert re.search(r"step \d+/12", printed[1]) is None
    left = {path.name for path in two.chief.folder.iterdir()}
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
    two = job(2, data_dir, f"two {name}", **settings).start("--do_eval")
    if "precision" in changes:  # Its parts are rounded, see `test_replicas`.
        settings["accumulation_steps"] *= 2
    reference = alone(data_dir, f"one {name}", **settings)
    printed = two.finish()
    assert "compiled but for the sum" in printed[0]
    assert_close(two.chief, reference, atol=1e-6)


@pytest.mark.slow
def test_three_workers_equal_one(data_dir):
    three = job(3, data_dir, "three", **SETTINGS).start("--do_eval")
    reference = alone(data_dir, "alone3", **SETTINGS)
    three.finish()
    assert_close(three.chief, reference)


@pytest.mark.slow
@pytest.mark.parametrize("number, victim", [(2, 0), (2, 1), (3, 2)])
def test_a_killed_worker_ends_the_job_and_it_goes_on(
    data_dir,
    number,
    victim,
):
    killed = job(number, data_dir, f"killed{number}{victim}", **LONG)
    killed.start("--do_eval")
    assert killed.chief.wait_for_step(40)
    killed.workers[victim].kill()
    for index, worker in enumerate(killed.workers):
        if index != victim:
            status, printed = worker.end()
            assert status == os.EX_UNAVAILABLE
            assert "Another worker of this job has ended" in printed
    assert killed.chief.last_step() < LONG["num_train_steps"]
    killed.start("--do_eval").finish()
    reference = alone(data_dir, f"whole{number}{victim}", **LONG)
    assert_close(killed.chief, reference)


@pytest.mark.slow
def test_only_the_chief_sees_the_folder(data_dir):
    reference = alone(data_dir, "alone seen", **SETTINGS)
    seen = job(2, data_dir, "seen", **SETTINGS)
    shutil.copytree(reference.folder, seen.chief.folder)
    for path in seen.chief.folder.glob("model.ckpt-*"):
        if not path.name.startswith("model.ckpt-4."):
            path.unlink()
    elsewhere = data_dir / "models" / "unseen"
    seen.start("--do_eval", last_ones=[f"--model_dir={elsewhere}"]).finish()
    assert_close(seen.chief, reference)
    assert not elsewhere.exists()


@pytest.mark.slow
def test_workers_that_differ(data_dir):
    two = job(2, data_dir, "differing", **SETTINGS)
    for status, printed in two.start(last_ones=["--seed=7"]).end():
        assert status == 1
        assert "seed: 42 on the chief, 7 on process 1" in printed
