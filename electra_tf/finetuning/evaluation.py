"""Evaluation of trials: a head's outputs, scores, predictions, failures.

Fine-tuning fails now and then, by the seed alone: the network then says the
same of every example (Mosbach et al., 2021, https://arxiv.org/abs/2006.04884).
"""

import dataclasses
import functools
import math
import sys
import time
import typing
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning import (
    error_analysis,
    example_hash,
    finetuning_report,
    finished_trials,
    inputs,
    result_files,
    results,
)
from electra_tf.finetuning.error_analysis import Evaluated
from electra_tf.finetuning.finished_trials import FinishedTrial
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.outputs import Predictor
from electra_tf.finetuning.tasks import metrics
from electra_tf.finetuning.tasks.task import DEV, Source, Task
from electra_tf.loss_terms import PER_EXAMPLE

# Predictions that spread less than this are the same: labels are whole
# numbers, targets lie between 0 and 1.
LEAST_SPREAD = 0.01
# What is zero when nothing was found, the first that a task has.
FOUND_METRICS = ("HasAns_f1", "f1", "micro_f1", "mcc")
# The part of training whose mean loss counts as its last.
LAST_SHARE = 0.1


class Split(typing.NamedTuple):
    """A split of a task, to be evaluated in global batches of `batch_size`."""

    task: Task
    name: str
    features: inputs.Inputs
    source: Source
    batch_size: int


class Trial(typing.NamedTuple):
    """A trial whose training has ended; numbers count from 1.

    Without training it has 0 steps. It began when `time.monotonic()` was
    `started`.
    """

    number: int
    seed: int
    steps: int
    started: float


@dataclasses.dataclass(eq=False)
class Evaluator:
    """Scores development sets, writes predictions for test sets, and reports.

    `constant_losses` are the training losses of always predicting the same, by
    task; none where nothing is trained. For `length` see `Predictor`. Of many
    workers the `chief` alone scores, reports and writes.

    Attributes:
        finished: the trials that are done, `FinishedTrial`s.
        stop: an object that is true once evaluation shall stop; None for never.
    """

    config: FinetuningConfig
    splits: list[Split]
    strategy: tf.distribute.Strategy
    length: int | None
    constant_losses: dict[str, float | None]
    chief: bool = True

    def __post_init__(self):
        self.finished: list[FinishedTrial] = []
        self.stop = None
        self._hashes = {
            f"{split.task.name} {split.name}": example_hash.of_examples(
                split.source.examples
            )
            for split in self.splits
        }

    def _is_asked(self, split: Split, trial: int) -> bool:
        return split.name == DEV or trial <= self.config.n_writes_test

    def _asked(self, trial: int) -> dict:
        """Return what a trial is evaluated for."""
        names = [
            f"{split.task.name} {split.name}"
            for split in self.splits
            if self._is_asked(split, trial)
        ]
        return {
            "splits": {name: self._hashes[name] for name in names},
            "tuned_models": self.config.tuned_models,
        }

    def take_over(self, number: int) -> bool:
        """Take a trial as it was done before; say whether it was, for this."""
        found = finished_trials.read(self.config, number)
        if found is None or found.asked != self._asked(number):
            return False
        self._add(found)
        return True

    def __call__(
        self, model: FinetuningModel, trial: Trial, keep: Callable[[bool], None]
    ) -> None:
        """Evaluate the model of a trial, which has then finished.

        Once scores are known, and before any other file is written, `keep` is
        called with whether they are the best so far.
        """
        asked = [s for s in self.splits if self._is_asked(s, trial.number)]
        given = self.strategy, self.length, self.config.max_seq_length
        outputs = []
        for split in asked:
            predict = Predictor(model, split.task, *given, self.stop)
            found = predict(split.features, split.batch_size)
            outputs.append((split, found))
        if not self.chief:
            return
        scored = [
            self._score(split, found, trial)
            for split, found in outputs
            if split.name == DEV
        ]
        made = FinishedTrial(
            trial.number,
            trial.steps,
            self._asked(trial.number),
            [result for result, *_ in scored],
            [(result.task, sections) for result, sections, *_ in scored],
            {result.task: found for result, _, found, _ in scored if found},
        )
        keep(finished_trials.best([*self.finished, made]) is made)
        for *_, write_details in scored:
            write_details()
        for split, found in outputs:
            if split.name != DEV:
                self._write_predictions(split, found, trial)
        self._add(made)
        if trial.steps:
            finished_trials.write(self.config, made)

    def _add(self, trial: FinishedTrial) -> None:
        """Report a trial that has finished."""
        self.finished.append(trial)
        if not trial.results:
            return
        results.write_results(self.config, self.results)
        finetuning_report.write(self.config, self.finished)
        for result in trial.results:
            print(f"{result.task}: {metrics.as_text(result.metrics)}")
        sys.stdout.flush()

    @property
    def results(self) -> list[results.TaskResult]:
        """The results of all trials that have finished."""
        return [result for trial in self.finished for result in trial.results]

    def prediction_paths(self) -> list[str]:
        """Return the files with predictions of the trials that are done."""
        return [
            self._predictions(split, trial.number)
            for trial in self.finished
            for split in self.splits
            if split.name != DEV and self._is_asked(split, trial.number)
        ]

    def _predictions(self, split: Split, trial: int) -> str:
        return result_files.predictions(
            self.config, split.task.name, split.name, trial
        )

    def _write_predictions(self, split: Split, outputs: dict, trial: Trial):
        task, path = split.task, self._predictions(split, trial.number)
        results.write_predictions(path, task.predictions(outputs, split.source))
        site = task.submission(split.name, outputs, split.source)
        results.write_submission(path, trial.number, site)

    def _score(self, split: Split, outputs: dict, trial: Trial) -> tuple:
        """Return a split's `TaskResult`, and the report's parts on it.

        These are sections, a `Confusion` or None, and a function without
        arguments that writes the task's files.
        """
        task = split.task
        scores = task.score(outputs, split.source)
        losses = self._losses(task.name, trial) if trial.steps else ()
        result = results.TaskResult(
            trial=trial.number,
            seed=trial.seed,
            task=task.name,
            metrics=scores,
            failure=failure(outputs, scores, *losses),
            steps=trial.steps,
            seconds=round(time.monotonic() - trial.started, 1),
        )
        if result.failure:
            print(
                f"Trial {trial.number} (seed {trial.seed}) failed at "
                f"{result.task}: {result.failure}. Another seed, a smaller "
                "learning_rate or more updates may help.",
                file=sys.stderr,
                flush=True,
            )
        evaluated = Evaluated(task, outputs, split.source, split.features)
        write_details = functools.partial(
            task.write_details, outputs, split.source, scores
        )
        return (
            result,
            error_analysis.sections(evaluated),
            error_analysis.confused(evaluated),
            write_details,
        )

    def _losses(self, task_name: str, trial: Trial) -> tuple:
        """Return a task's last training loss, and that of a constant."""
        folder = finished_trials.trial_folder(self.config, trial.number)
        last = final_loss(folder, f"{task_name}_loss{PER_EXAMPLE}")
        return last, self.constant_losses[task_name]


def failure(
    outputs: dict,
    scores: dict[str, float],
    final_loss: float | None = None,
    constant_loss: float | None = None,
) -> str:
    """Say in what a trial has failed; "" for a trial that has not.

    Args:
        outputs: dict of arrays, what the head returned for a split.
        scores: dict from name to value, those of the split.
        final_loss: float, mean training loss of an example at the end.
        constant_loss: float, what always predicting the same would have.

    >>> outputs = {"predictions": [1, 1, 1], "label_ids": [0, 1, 1]}
    >>> failure(outputs, {"accuracy": 66.7})
    'it predicts the same for every example'
    """
    gold = "label_ids" if "label_ids" in outputs else "targets"
    # Where the right predictions differ; answers always do.
    if _is_spread(outputs, gold):
        if not _is_spread(outputs, "predictions"):
            return "it predicts the same for every example"
        first = next(iter(scores), None)
        if first is not None and math.isnan(scores[first]):
            return f"its {first} is not a number"
        found = next((name for name in FOUND_METRICS if name in scores), None)
        if found is not None and scores[found] == 0:
            return f"its {found} is 0"
    if None not in (final_loss, constant_loss) and final_loss >= constant_loss:
        return (
            f"its training loss ended at {final_loss:.3f}, not below the "
            f"{constant_loss:.3f} of always predicting the same"
        )
    return ""


def _is_spread(outputs: dict, name: str) -> bool:
    if name not in outputs:
        return True
    values = outputs[name]
    if "labels_mask" in outputs:
        values = np.concatenate(metrics.of_words(values, outputs))
    spread = np.std(np.asarray(values, np.float64), axis=0)
    return bool(np.max(spread) >= LEAST_SPREAD)


def final_loss(folder: str, name: str) -> float | None:
    """Return the mean of a run's logged loss over the last part of it."""
    rows = results.training_rows(folder)
    last = rows[-max(1, int(LAST_SHARE * len(rows))) :]
    values = [row[name] for row in last if row.get(name) is not None]
    return float(np.mean(values)) if values else None
