"""The trials of a run that are done: what each came to, kept in its folder.

A run that was stopped goes on after them. No TensorFlow.
"""

import os
import typing

from electra_tf.finetuning import results
from electra_tf.finetuning.confusions import Confusion
from electra_tf.finetuning.results import TaskResult
from electra_tf.io import files, spare_files


class FinishedTrial(typing.NamedTuple):
    """A trial that has been trained and evaluated."""

    number: int  # From 1.
    steps: int  # Updates; 0 when it was only evaluated.
    asked: dict  # What it was evaluated for: hashes of the splits, settings.
    results: list[TaskResult]  # A `TaskResult` each task.
    # Pairs of a task's name and sections of the report on it.
    report: list[tuple[str, list[str]]]
    confusions: dict[str, Confusion]  # By task, to be drawn.


def trial_folder(config, number: int) -> str:
    """Return the folder that a trial is trained in."""
    return f"{config.model_dir}_{number}"


def best(trials: list[FinishedTrial]) -> FinishedTrial:
    """Return the trial of the highest quality, the first of them."""
    return max(trials, key=lambda trial: results.quality(trial.results))


def write(config, trial: FinishedTrial) -> None:
    """Keep a finished trial in the run's folder."""
    content = trial._asdict() | {
        "results": [result._asdict() for result in trial.results]
    }
    files.write_json(_path(config, trial.number), content)


def read(config, number: int) -> FinishedTrial | None:
    """Return a trial that `write` kept; None where there is none."""
    return spare_files.read_json(_path(config, number), _from_json)


def _from_json(values: dict) -> FinishedTrial:
    found = [TaskResult(**result) for result in values["results"]]
    drawn = values.get("confusions", {})  # Not of earlier versions.
    drawn = {task: Confusion(*row) for task, row in drawn.items()}
    return FinishedTrial(**values | {"results": found, "confusions": drawn})


def _path(config, number: int) -> str:
    return os.path.join(config.model_dir, f"trial_{number}.json")
