"""Results of trials: for people, for programs, and for GLUE's site."""

import json
import math
import os
import statistics
import typing

import numpy as np

from electra_tf.finetuning import metrics

# A trial whose predictions spread less than this has learnt nothing: labels
# are whole numbers, targets lie between 0 and 1.
COLLAPSED_SPREAD = 0.01


class TaskResult(typing.NamedTuple):
    """Scores of one task in one trial.

    Attributes:
        trial: int, from 1.
        seed: int, the trial's.
        task: str.
        metrics: dict from name to value, the most important one first.
        collapsed: bool, whether (almost) all predictions are the same.
        steps: int, updates of the trial; 0 when it was only evaluated.
        seconds: float, how long training and evaluation took.
    """

    trial: int
    seed: int
    task: str
    metrics: dict[str, float]
    collapsed: bool
    steps: int
    seconds: float


def is_collapsed(outputs: dict) -> bool:
    """Say whether a head predicts (almost) the same for unlike examples.

    >>> is_collapsed({"predictions": [1, 1, 1], "label_ids": [0, 1, 1]})
    True

    Heads that predict no labels never count as collapsed.
    """
    if "predictions" not in outputs:
        return False
    labels = "label_ids" if "label_ids" in outputs else "targets"
    gold, predicted = (
        _spread(outputs, name) for name in (labels, "predictions")
    )
    return predicted < COLLAPSED_SPREAD <= gold


def _spread(outputs: dict, name: str) -> float:
    values = outputs[name]
    if "labels_mask" in outputs:
        values = np.concatenate(metrics.of_words(values, outputs))
    return float(np.std(np.asarray(values, np.float64)))


def quality(results: list[TaskResult]) -> float:
    """Return how good a trial is: the mean of its tasks' first metrics.

    Minus infinity where one is no number, or nothing was evaluated.
    """
    firsts = [next(iter(result.metrics.values())) for result in results]
    if not firsts or not all(map(math.isfinite, firsts)):
        return -math.inf
    return statistics.fmean(firsts)


def write(config, results: list[TaskResult]) -> None:
    """Write `results_txt`, as the original, and `results_json`."""
    lines = [f"{r.task}: {metrics.as_text(r.metrics)}\n" for r in results]
    write_text(config.results_txt, "".join(lines))
    content = {
        "trials": [
            {**r._asdict(), "metrics": _without_nan(r.metrics)} for r in results
        ],
        "summary": summary(results),
    }
    write_text(config.results_json, json.dumps(content, indent=1) + "\n")


def summary(results: list[TaskResult]) -> dict:
    """Return median, mean, spread and range of each task's metrics.

    Values that are not numbers are left out. `std` is the sample standard
    deviation, 0 for a single trial.
    """
    tasks = dict.fromkeys(result.task for result in results)
    return {
        task: _summary_of_task([r for r in results if r.task == task])
        for task in tasks
    }


def _summary_of_task(results: list[TaskResult]) -> dict:
    by_metric = {
        name: [
            result.metrics[name]
            for result in results
            if math.isfinite(result.metrics[name])
        ]
        for name in results[0].metrics
    }
    return {
        "trials": len(results),
        "collapsed": sum(result.collapsed for result in results),
        "metrics": {
            name: _statistics(values)
            for name, values in by_metric.items()
            if values
        },
    }


def _statistics(values: list[float]) -> dict[str, float]:
    return {
        "median": statistics.median(values),
        "mean": statistics.fmean(values),
        "std": statistics.stdev(values) if len(values) > 1 else 0.0,
        "min": min(values),
        "max": max(values),
    }


def summary_lines(results: list[TaskResult]) -> list[str]:
    """Return a line for people about each task, of its first metric."""
    lines = []
    for task, found in summary(results).items():
        line = f"{task}: {found['trials']} trials"
        for name, values in [*found["metrics"].items()][:1]:
            line += (
                f", {name} median {values['median']:.2f}, mean "
                f"{values['mean']:.2f}, std {values['std']:.2f}"
            )
        if found["collapsed"]:
            line += f"; {found['collapsed']} collapsed"
        lines.append(line)
    return lines


def write_predictions(path: str, predictions: list[tuple] | dict) -> None:
    """Write predictions as JSON, and beside it the TSV of GLUE's site.

    Args:
        path: str, of the JSON file.
        predictions: what `Task.predictions` returned. The TSV is written for
            lists only.
    """
    if isinstance(predictions, dict):
        write_text(path, json.dumps(predictions, indent=1) + "\n")
        return
    names = ("index", "prediction", "scores")
    rows = [dict(zip(names, row, strict=True)) for row in predictions]
    write_text(path, json.dumps(rows, indent=1) + "\n")
    lines = [f"{index}\t{text}\n" for index, text, _ in predictions]
    root, _ = os.path.splitext(path)
    write_text(f"{root}.tsv", "index\tprediction\n" + "".join(lines))


def write_text(path: str, text: str) -> None:
    """Write a file, and its folder if need be."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    """JSON has no number for NaN."""
    return {k: v if math.isfinite(v) else None for k, v in values.items()}
