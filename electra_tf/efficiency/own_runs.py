"""Scores of a user's own runs, by the cost that their logs recorded."""

import json
import pathlib
import statistics
import typing

from electra_tf.errors import UserError
from electra_tf.io import files

GREEN = "#1e8449"
# Errors that a file raises whose JSON is another than expected.
_DAMAGE = (AttributeError, KeyError, StopIteration, TypeError, ValueError)
# The metric that the paper takes of each task of GLUE.
METRICS = {"cola": "mcc", "sts": "spearman"}
GLUE = ("cola", "sst", "mrpc", "sts", "qqp", "mnli", "qnli", "rte")


class OwnRun(typing.NamedTuple):
    """A pre-trained model with fine-tuning results."""

    name: str  # Of its folder.
    flops: float  # `train_flops` of its last line of metrics.
    score: float  # Mean over the tasks of the median over trials.
    tasks: tuple[str, ...]  # Their names.


def read(folder) -> OwnRun:
    """Read a run's folder, `models/<model_name>`."""
    folder = pathlib.Path(folder)
    scores = {}
    for path in sorted(folder.glob("results/*_results.json")):
        scores |= _scores(path)
    if not scores:
        raise UserError(
            f"{folder}/results has no results of fine-tuning. Expected "
            "<task>_results.json, as run_finetuning.py writes them."
        )
    flops = _train_flops(folder / "metrics.jsonl")
    score = statistics.fmean(scores.values())
    return OwnRun(folder.resolve().name, flops, score, tuple(scores))


def _scores(path: pathlib.Path) -> dict[str, float]:
    """Return the scores in a file of results, by task."""
    try:
        summary = json.loads(files.read(path)).get("summary", {})
        return {
            task: float(_score(task, found["metrics"]))
            for task, found in summary.items()
        }
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged: {error!r}") from error


def _score(task: str, metrics: dict) -> float:
    name = METRICS.get(task)
    # Elsewhere the most important one comes first.
    return metrics.get(name, next(iter(metrics.values())))["median"]


def _train_flops(path: pathlib.Path) -> float:
    try:
        lines = files.read(path).decode("utf-8").splitlines()
        for line in reversed(lines):
            flops = json.loads(line).get("train_flops")
            if flops is not None:
                return float(flops)
    except FileNotFoundError:
        pass
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged: {error!r}") from error
    raise UserError(
        f"{path} has no train_flops. Expected the log of a pre-training run."
    )


def draw_runs(axis, runs):
    """Draw `OwnRun`s as labelled stars; labels alternate in height."""
    for index, run in enumerate(sorted(runs, key=lambda run: run.score)):
        axis.plot(run.flops, run.score, "*", color=GREEN, markersize=13)
        glue = set(run.tasks) == set(GLUE)
        tasks = "GLUE" if glue else ", ".join(run.tasks)
        text = f"{run.name} ({tasks}: {run.score:.1f})"
        offset = (9, 5 if index % 2 else -9)
        label(axis, text, (run.flops, run.score), offset, GREEN)


def label(axis, text: str, point: tuple, offset: tuple, color: str):
    """Write a text at so many points from a place of a plot."""
    axis.annotate(
        text, point, offset, textcoords="offset points", fontsize=9, color=color
    )


def outside(axis, runs):
    """Name the runs that an axis has no place for."""
    if not runs:
        return
    text = f"outside of this plot: {', '.join(run.name for run in runs)}"
    place = {"xy": (0.12, 0.02), "xycoords": "axes fraction"}
    axis.annotate(text, **place, fontsize=9, color=GREEN)
