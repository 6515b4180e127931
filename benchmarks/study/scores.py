"""Scores of models, from the results of trials."""

import statistics
import typing

from benchmarks.study.budget import step_at
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.plan import Training, finetunings

# The metric of each task, as in the paper; F1 of spans for chunking.
METRICS = {
    "chunk": "f1",
    "cola": "mcc",
    "mrpc": "accuracy",
    "sst": "accuracy",
    "sts": "spearman",
}


class Score(typing.NamedTuple):
    """Mean and spread over trials.

    Attributes:
        mean: in points of 100.
        deviation: sample standard deviation; 0 for one trial.
        values: of each seed.
    """

    mean: float
    deviation: float
    values: tuple[float, ...]


def score(values) -> Score:
    """Return mean and spread.

    >>> score([1.0, 2.0, 3.0])
    Score(mean=2.0, deviation=1.0, values=(1.0, 2.0, 3.0))
    """
    values = tuple(values)
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return Score(statistics.fmean(values), deviation, values)


class Scored(typing.NamedTuple):
    """A model with its scores at a share of the budget.

    Attributes:
        training: `Training`.
        share: of the budget.
        row: its line in the results.
        tasks: `Score` by task, of those whose trials are all there.
        average: `Score` over the tasks, seed by seed; None while trials of
            a task are missing.
        failed: trials that have learnt nothing.
    """

    training: Training
    share: float
    row: dict
    tasks: dict[str, Score]
    average: Score | None
    failed: int

    @property
    def spent(self) -> float:
        """Share of the updates that were done, at the checkpoint's step."""
        steps = self.row.get("steps", 0)
        return step_at(self.share, steps) / steps if steps else 0.0


def scored(
    config: StudyConfig, ledger: Ledger, training: Training, share: float = 1.0
) -> Scored | None:
    """Return a model's scores; None where it is not trained yet."""
    if training.id not in ledger.models:
        return None
    values: dict[str, list[float]] = {task: [] for task in config.tasks}
    failed = 0
    for trial in finetunings(config, training, share):
        if (row := ledger.trials.get(trial.key)) is not None:
            # A model that predicts the same for all has no correlation.
            value = row["metrics"][METRICS[trial.task]]
            values[trial.task].append(0.0 if value is None else value)
            failed += bool(row["failure"])
    whole = {t: v for t, v in values.items() if len(v) == config.num_trials}
    average = None
    if len(whole) == len(config.tasks):
        seeds = zip(*whole.values(), strict=True)
        average = score(map(statistics.fmean, seeds))
    tasks = {task: score(found) for task, found in whole.items()}
    row = ledger.models[training.id]
    return Scored(training, share, row, tasks, average, failed)
