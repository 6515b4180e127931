"""Scores of models, from the results of trials."""

import math
import statistics
import typing

from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.models import by_cost_place
from benchmarks.study.plan import Training, finetunings
from benchmarks.study.probes import PROBES

# What others are compared with.
BASELINE = "mlm"
# Times the largest budget that differences are continued to.
FURTHEST = 100


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
    """A model with its scores.

    Attributes:
        training: `Training`.
        row: its line in the results.
        tasks: `Score` by task, of those whose trials are all there.
        average: `Score` over the tasks, seed by seed; None while trials of
            a task are missing.
        failed: trials that have learnt nothing.
    """

    training: Training
    row: dict
    tasks: dict[str, Score]
    average: Score | None
    failed: int

    @property
    def name(self) -> str:
        """Row of `MODELS`."""
        return self.training.name


def scored(
    config: StudyConfig, ledger: Ledger, training: Training
) -> Scored | None:
    """Return a model's scores; None where it is not trained yet."""
    if training.id not in ledger.models:
        return None
    values: dict[str, list[float]] = {task: [] for task in config.tasks}
    failed = 0
    for trial in finetunings(config, training):
        if (row := ledger.trials.get(trial.key)) is not None:
            # A model that predicts the same for all has no correlation.
            value = row["metrics"][PROBES[trial.task].metric]
            values[trial.task].append(0.0 if value is None else value)
            failed += bool(row["failure"])
    whole = {t: v for t, v in values.items() if len(v) == config.num_trials}
    average = None
    if len(whole) == len(config.tasks):
        seeds = zip(*whole.values(), strict=True)
        average = score(map(statistics.fmean, seeds))
    tasks = {task: score(found) for task, found in whole.items()}
    row = ledger.models[training.id]
    return Scored(training, row, tasks, average, failed)


def pooled(found: list[Scored], task: str) -> Score:
    """Return the score over all seeds of some trainings that have the task."""
    return score(v for one in found for v in one.tasks[task].values)


def by_cost(
    found: list[Scored], task: str
) -> dict[str, dict[float, list[Scored]]]:
    """Return what has a task by model and budget, models as figures have them.

    A list has a model's pre-trainings at one budget; random weights cost 0.
    """
    points: dict[str, dict[float, list[Scored]]] = {}
    for one in sorted(found, key=lambda one: by_cost_place(one.name)):
        if task in one.tasks:
            of_model = points.setdefault(one.name, {})
            of_model.setdefault(one.training.flops, []).append(one)
    return points


def difference(
    found: list[Scored], name: str, flops: float, task: str
) -> Score | None:
    """Return what a model is ahead of `BASELINE` at equal cost, in pairs.

    Both of a pair have the same seeds, of pre-training and of fine-tuning.
    None where there is no pair.
    """

    def of(wanted: str) -> dict[int, tuple[float, ...]]:
        return {
            one.training.seed: one.tasks[task].values
            for one in found
            if one.name == wanted and one.training.flops == flops
            if task in one.tasks
        }

    others, own = of(BASELINE), of(name)
    pairs = [
        value - other
        for seed in own.keys() & others.keys()
        for value, other in zip(own[seed], others[seed], strict=True)
    ]
    return score(pairs) if pairs else None


def crossing(found: list[Scored], name: str, task: str) -> float | None:
    """Extrapolate the cost at which a model passes `BASELINE`.

    The differences at the two largest budgets are continued along a straight
    line over the logarithm of the cost.

    Returns:
        FLOPs above the largest budget; None where the model is ahead there,
        does not catch up within `FURTHEST` times that budget, or has fewer
        than two budgets.
    """
    budgets = sorted({one.training.flops for one in found})
    pairs = [(f, difference(found, name, f, task)) for f in budgets]
    known = [(math.log10(f), ahead.mean) for f, ahead in pairs if ahead]
    if len(known) < 2:
        return None
    (cost_before, before), (cost, ahead) = known[-2:]
    if not before < ahead < 0:
        return None
    slope = (ahead - before) / (cost - cost_before)
    more = -ahead / slope  # In powers of ten.
    return 10 ** (cost + more) if more <= math.log10(FURTHEST) else None
