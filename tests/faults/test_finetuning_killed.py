"""Fine-tuning that is killed in some trial, and started again."""

import json
import os
import pathlib
import random
import signal
import time

import numpy as np
import pytest

import run_finetuning
from electra_tf.finetuning import finished_trials
from electra_tf.training import checkpoints
from electra_tf.training.loop import TrainingLoop
from tests.faults.jobs import Job
from tests.faults.program import Program
from tests.finetuning import runs
from tests.finetuning.test_finetuner import finetuner

TRIALS = 2
KILLS = 20
LABELS = {"good": "pos", "very good": "pos", "bad": "neg", "very bad": "neg"}


class Killed(BaseException):
    """Stands in for a signal that nothing can catch."""


def results_of(folder: pathlib.Path) -> dict:
    """All that a run of `sst` or `classification` has written but times."""
    (path,) = (folder / "results").glob("*_results.json")
    trials = json.loads(path.read_text())["trials"]
    (report,) = (folder / "results").glob("*_report/report.md")
    lines = report.read_text().splitlines()
    return {
        "trials": [{**trial, "seconds": None} for trial in trials],
        # A row of the table of trials ends with its seconds.
        "report": [line.rpartition(" | ")[0] or line for line in lines[1:]],
    }


def assert_same(folder: pathlib.Path, reference: pathlib.Path, trials: int):
    assert results_of(folder) == results_of(reference)
    for number in range(1, trials + 1):
        states = []
        for root in (folder, reference):
            (path,) = (root / "finetuning_models").glob(f"*_model_{number}")
            training = checkpoints.read_training_state(str(path))
            rows = (path / "metrics.jsonl").read_text().splitlines()
            losses = [
                {k: v for k, v in json.loads(row).items() if k.endswith("loss")}
                for row in rows
            ]
            variables = checkpoints.read_variables(str(path))
            states.append((training.step, losses, variables | training.slots))
        (step, losses, state), (last, expected, values) = states
        assert (step, losses) == (last, expected), number
        for name, value in values.items():
            np.testing.assert_array_equal(state[name], value, err_msg=name)
    for path in (reference / "tuned_models").rglob("*.safetensors"):
        other = folder / path.relative_to(reference)
        assert other.read_bytes() == path.read_bytes()


def test_killed_in_the_second_trial_and_while_evaluating(tmp_path, monkeypatch):
    settings = {"num_trials": TRIALS, "save_checkpoints_steps": 3}
    finetuner(tmp_path, model_name="whole", **settings).run()
    saves, begun = [], []
    save, write = TrainingLoop._save, finished_trials.write

    def killed_after_saving(loop):
        save(loop)
        saves.append(int(loop.step.numpy()))
        if "_model_2" in loop.settings.model_dir and saves[-1] == 3:
            raise Killed

    def killed_before_writing(config, trial):
        begun.append(trial.number)
        if len(begun) == 1:
            raise Killed
        write(config, trial)

    monkeypatch.setattr(TrainingLoop, "_save", killed_after_saving)
    monkeypatch.setattr(finished_trials, "write", killed_before_writing)
    for expected in ([3, 6, 8], [3], [6, 8]):
        saves.clear()
        try:
            finetuner(tmp_path, model_name="killed", **settings).run()
        except Killed:
            assert expected != [6, 8]
        assert saves == expected
    assert begun == [1, 1, 2]
    models = tmp_path / "models"
    assert_same(models / "killed", models / "whole", TRIALS)


class Finetuning(Program):
    """The command, on a labelled set of one's own."""

    @staticmethod
    def arguments(data_dir, name: str, settings: dict) -> list[str]:
        settings = {k: v for k, v in settings.items() if k != "num_eval_steps"}
        settings.pop("shuffle_buffer_size")
        settings["model_hparam_overrides"] = json.dumps(
            settings["model_hparam_overrides"]
        )
        return ["run_finetuning.py", *runs.flags(data_dir, **settings)]

    def updates(self) -> int:
        """How many rows of metrics there are, of all trials."""
        paths = self.folder.glob("finetuning_models/*_model_*/metrics.jsonl")
        return sum(path.read_text().count("\n") for path in paths)

    def finished(self) -> int:
        return len([*self.folder.glob("finetuning_models/*/trial_*.json")])


def program(folder: pathlib.Path, name: str, **settings) -> Finetuning:
    lines = [f"a {text} film\t{label}" for text, label in LABELS.items()]
    for split, copies in {"train": 40, "dev": 20}.items():
        rows = "\n".join(["text\tlabel", *(lines * copies)])
        (folder / f"{split}.tsv").write_text(rows + "\n")
    files = {
        "task": "classification",
        "train_file": folder / "train.tsv",
        "dev_file": folder / "dev.tsv",
        "text_column": "text",
        "label_column": "label",
        "save_checkpoints_steps": 10,
        "iterations_per_loop": 5,
    }
    return Finetuning(folder, name, model_name=name, **files, **settings)


def kill_while_training(run: Finetuning, rng: random.Random) -> bool:
    ahead = run.updates() + rng.randint(1, 4)
    if not run.wait_until(lambda: run.updates() >= ahead):
        return False
    time.sleep(rng.uniform(0, 0.3))
    run.kill()
    return True


def kill_around_the_end_of_a_trial(run: Finetuning, rng) -> bool:
    """Before, while or after the trial is evaluated and written down."""
    done = run.finished()

    def trained() -> bool:
        folders = run.folder.glob(f"finetuning_models/*_model_{done + 1}")
        return run.finished() > done or any(
            (path / "model.ckpt-150.index").exists() for path in folders
        )

    if not run.wait_until(trained):
        return False
    time.sleep(rng.uniform(0, 2))
    run.kill()
    return True


def kill_while_starting(run: Finetuning, rng: random.Random) -> bool:
    time.sleep(rng.uniform(1, 10))
    run.kill()
    return True


KINDS = (
    *[kill_while_training] * 11,
    *[kill_around_the_end_of_a_trial] * 6,
    *[kill_while_starting] * 3,
)


@pytest.mark.slow
def test_killed_at_twenty_points(tmp_path):
    settings = {"num_trials": 8, "num_train_epochs": 15}
    whole = program(tmp_path, "whole", **settings)
    whole.finish()
    killed = program(tmp_path, "killed", **settings)
    rng, times = random.Random(3), 0
    for kind in random.Random(1).sample(KINDS, KILLS):
        times += kind(killed.start(), rng)
        print(kind.__name__, killed.finished(), killed.updates(), flush=True)
    killed.finish()
    assert times == KILLS
    assert_same(killed.folder, whole.folder, 8)


@pytest.mark.slow
def test_asked_to_stop(tmp_path):
    whole = program(tmp_path, "unstopped", num_trials=2)
    whole.finish()
    stopped = program(tmp_path, "stopped", num_trials=2)
    for number in (signal.SIGTERM, signal.SIGINT):
        ahead = stopped.updates() + 3
        assert stopped.start().wait_until(lambda n=ahead: stopped.updates() > n)
        stopped.process.send_signal(number)
        status, printed = stopped.end()
        assert status == os.EX_TEMPFAIL, printed
    stopped.finish()
    assert_same(stopped.folder, whole.folder, 2)


@pytest.mark.slow
def test_one_of_two_workers_is_stopped_and_then_killed(tmp_path):
    """The second never sees the folder of the run."""
    whole = program(tmp_path, "whole", num_trials=TRIALS)
    whole.run("--distribution_strategy=mirrored", "--logical_cpus=2")
    chief, other = (program(tmp_path, "ended", num_trials=2) for _ in range(2))
    job, elsewhere = Job(chief, other), tmp_path / "elsewhere"
    ends = (
        (signal.SIGTERM, os.EX_TEMPFAIL, 10),
        (signal.SIGKILL, os.EX_UNAVAILABLE, 70),
    )
    for number, expected, rows in ends:
        job.start(last_ones=[f"--model_dir={elsewhere / 'run'}"])
        assert chief.wait_until(lambda n=rows: chief.updates() >= n)
        other.process.send_signal(number)
        (status, printed), _ = job.end()
        assert status == expected, printed
    assert "Another worker of this job has ended" in printed
    assert chief.finished() == 1
    job.start(last_ones=[f"--model_dir={elsewhere / 'run'}"]).finish()
    assert_same(chief.folder, whole.folder, TRIALS)
    assert not elsewhere.exists()


def test_a_second_program_is_refused(tmp_path, capsys):
    first = program(tmp_path, "taken", num_train_epochs=500).start()
    lock = tmp_path / "models/taken/finetuning_models/classification_model/lock"
    assert first.wait_until(lambda: lock.exists() and lock.read_text())
    second = program(tmp_path, "taken", learning_rate=1)
    message = f"is in use by process {first.process.pid} on"
    try:
        with pytest.raises(SystemExit, match=message):
            run_finetuning.main(second.command[1:])
    finally:
        first.kill()
    assert "Traceback" not in capsys.readouterr().err
