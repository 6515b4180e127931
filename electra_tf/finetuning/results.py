"""Results of trials: for people, for programs, and for GLUE's site."""

import json
import math
import os
import statistics
import typing

from electra_tf.finetuning import result_files
from electra_tf.finetuning.tasks import metrics
from electra_tf.io import files

METRICS_FILE = "metrics.jsonl"


class TaskResult(typing.NamedTuple):
    """Scores of one task in one trial."""

    trial: int  # From 1.
    seed: int  # The trial's.
    task: str
    # Dict from name to value, the most important one first.
    metrics: dict[str, float]
    failure: str  # In what the trial failed; "" if it has learnt something.
    steps: int  # Updates of the trial; 0 when it was only evaluated.
    seconds: float  # How long training and evaluation took.


def training_rows(folder: str) -> list[dict]:
    """Return the log of a run's folder; empty where it was not begun."""
    path = os.path.join(folder, METRICS_FILE)
    if not files.exists(path):
        return []
    return [json.loads(line) for line in files.read(path).splitlines()]


def quality(results: list[TaskResult]) -> float:
    """Return how good a trial is: the mean of its tasks' first metrics.

    Minus infinity where one is no number, or nothing was evaluated.
    """
    firsts = [next(iter(result.metrics.values())) for result in results]
    if not firsts or not all(map(math.isfinite, firsts)):
        return -math.inf
    return statistics.fmean(firsts)


def write_results(config, results: list[TaskResult]) -> None:
    """Write `results_txt`, as the original, and `results_json`."""
    lines = [f"{r.task}: {metrics.as_text(r.metrics)}\n" for r in results]
    files.write(config.results_txt, "".join(lines))
    trials = [result._asdict() for result in results]
    for trial in trials:  # JSON has no number for NaN.
        trial["metrics"] = {
            name: value if math.isfinite(value) else None
            for name, value in trial["metrics"].items()
        }
    content = {"trials": trials, "summary": summary(results)}
    files.write_json(config.results_json, content)


def summary(results: list[TaskResult]) -> dict:
    """Return what the trials of each task say together.

    It has the number of trials, the best one by the first metric, those that
    failed and why, and of each metric median, mean, spread and range. These
    are over all trials, failed ones too; values that are not numbers are left
    out. `std` is the sample standard deviation, 0 for a single trial.
    """
    return {
        task: _summary_of_task([r for r in results if r.task == task])
        for task in dict.fromkeys(result.task for result in results)
    }


def _summary_of_task(results: list[TaskResult]) -> dict:
    by_metric = {
        name: [*filter(math.isfinite, (r.metrics[name] for r in results))]
        for name in results[0].metrics
    }
    return {
        "trials": len(results),
        "best": _best(results),
        "failed": [
            {"trial": r.trial, "seed": r.seed, "why": r.failure}
            for r in results
            if r.failure
        ],
        "metrics": {
            name: {
                "median": statistics.median(values),
                "mean": statistics.fmean(values),
                "std": statistics.stdev(values) if len(values) > 1 else 0.0,
                "min": min(values),
                "max": max(values),
            }
            for name, values in by_metric.items()
            if values
        },
    }


def _best(results: list[TaskResult]) -> dict | None:
    """Return the trial with the highest first metric, the earliest of them."""
    (name, *_) = results[0].metrics
    finite = [r for r in results if math.isfinite(r.metrics[name])]
    if not finite:
        return None
    best = max(finite, key=lambda result: result.metrics[name])
    return {"trial": best.trial, "seed": best.seed, name: best.metrics[name]}


def summary_lines(results: list[TaskResult]) -> list[str]:
    """Return a line for people about each task, of its first metric."""
    lines = []
    for task, found in summary(results).items():
        line = f"{task}: {found['trials']} trials"
        for name, values in [*found["metrics"].items()][:1]:
            line += (
                f", {name} median {values['median']:.2f}, mean "
                f"{values['mean']:.2f}, std {values['std']:.2f}, "
                f"{values['min']:.2f} to {values['max']:.2f}"
            )
        if found["best"]:
            line += f", best trial {found['best']['trial']}"
        for failed in found["failed"]:
            line += f"; trial {failed['trial']} failed: {failed['why']}"
        lines.append(line)
    return lines


def write_predictions(path: str, predictions: list[tuple] | dict) -> None:
    """Write `Task.predictions` as JSON, and lists as a TSV beside it, too."""
    if isinstance(predictions, dict):
        files.write_json(path, predictions)
        return
    names = ("index", "prediction", "scores")
    rows = [dict(zip(names, row, strict=True)) for row in predictions]
    files.write_json(path, rows)
    files.write(result_files.predictions_table(path), as_tsv(predictions))


def as_tsv(predictions: list[tuple]) -> str:
    """Return predictions as GLUE's site takes them.

    >>> as_tsv([(0, "entailment", [1.5, -1.5])])
    'index\\tprediction\\n0\\tentailment\\n'
    """
    lines = [f"{index}\t{text}\n" for index, text, _ in predictions]
    return "index\tprediction\n" + "".join(lines)


def write_submission(path: str, trial: int, texts: dict[str, str]) -> None:
    """Write what `Task.submission` returned, beside the predictions.

    The files of all tasks of a trial come together.
    """
    folder = os.path.join(os.path.dirname(path), f"submission_{trial}")
    for name, text in texts.items():
        files.write(os.path.join(folder, name), text)
