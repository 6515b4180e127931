"""The report of a run's trials: scores, curves, what is confused, errors.

No TensorFlow.
"""

import math
import os
import statistics

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning import confusions, finished_trials, results
from electra_tf.finetuning.error_analysis import table
from electra_tf.finetuning.finished_trials import FinishedTrial
from electra_tf.finetuning.result_files import REPORT_FILE
from electra_tf.finetuning.results import TaskResult
from electra_tf.io import files
from electra_tf.loss_terms import PER_EXAMPLE

CONFUSION_FILE = "confusion_{}.svg"
CURVES_FILE, SCORES_FILE = "curves.png", "scores.png"


def write(config: FinetuningConfig, finished: list[FinishedTrial]) -> None:
    """Write the report of the trials up to now, into `report_dir`."""
    files.make_folder(config.report_dir)
    parts = [f"# {config.joined_tasks}: {config.model_name}"]
    if _draw(config, finished):
        parts += ["## Training", f"![loss by update]({CURVES_FILE})"]
    found = [result for trial in finished for result in trial.results]
    if len(finished) > 1:
        _draw_scores(config, found)
        parts += ["## Scores", f"![scores of the trials]({SCORES_FILE})"]
    best = finished_trials.best(finished)
    for task, sections in best.report:
        of_task = [result for result in found if result.task == task]
        parts += [f"## {task}", scores(of_task)]
        if len(of_task) > 1:
            parts.append("What follows is of the best trial.")
        if task in best.confusions:
            sections = [
                sections[0],
                _draw_confusion(config, task, best.confusions[task]),
                *sections[1:],
            ]
        parts += sections
    path = os.path.join(config.report_dir, REPORT_FILE)
    files.write(path, "\n\n".join(parts) + "\n")


def _draw_confusion(
    config: FinetuningConfig, task: str, confusion: confusions.Confusion
) -> str:
    """Draw which labels are taken for which; return what shows it."""
    name = CONFUSION_FILE.format(task)
    with files.writing(os.path.join(config.report_dir, name)) as path:
        confusions.draw(confusion, path)
    return f"![right and predicted labels]({name})\n\n{confusion.caption()}"


def _draw_scores(config: FinetuningConfig, found: list[TaskResult]) -> None:
    """Draw a bar for each task's median, and a point for each trial."""
    from matplotlib.figure import Figure

    firsts: dict[str, list[float]] = {}
    for result in found:
        name, value = next(iter(result.metrics.items()))
        of_task = firsts.setdefault(f"{result.task}\n{name}", [])
        of_task += [value] * math.isfinite(value)
    figure = Figure(figsize=(1.2 * len(firsts) + 1.5, 3.5))
    axis = figure.subplots()
    for place, values in enumerate(firsts.values()):
        middle = statistics.median(values or [math.nan])
        axis.bar(place, middle, width=0.6, alpha=0.5)
        axis.plot([place] * len(values), values, "k.")
        axis.annotate(f"{middle:.1f}", (place, middle), ha="center")
    axis.set_xticks(range(len(firsts)), list(firsts), fontsize=8)
    figure.tight_layout()
    with files.writing(os.path.join(config.report_dir, SCORES_FILE)) as path:
        figure.savefig(path, format="png")


def _draw(config: FinetuningConfig, finished: list[FinishedTrial]) -> bool:
    """Draw the losses of all trials; say whether there are any."""
    rows = {
        trial.number: results.training_rows(
            finished_trials.trial_folder(config, trial.number)
        )
        for trial in finished
    }
    rows = {trial: found for trial, found in rows.items() if found}
    if not rows:
        return False
    # A second to import.
    from matplotlib.figure import Figure

    names = [f"{task}_loss{PER_EXAMPLE}" for task in config.task_names]
    figure = Figure(figsize=(5 * len(names) + 4, 3.5))
    axes = figure.subplots(1, len(names) + 1)
    for axis, name in zip(axes, (*names, "learning_rate"), strict=True):
        for trial, found in rows.items():
            steps = [row["step"] for row in found]
            # Earlier versions logged sums alone.
            values = [row.get(name) for row in found]
            axis.plot(steps, values, label=f"trial {trial}")
        axis.set(title=name.replace("_", " "), xlabel="update")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.tight_layout()
    with files.writing(os.path.join(config.report_dir, CURVES_FILE)) as path:
        figure.savefig(path, format="png")
    return True


def scores(trials: list[TaskResult]) -> str:
    """Return a table of one task's trials, and their median and spread.

    These are of the trials whose metric is a number.
    """
    names = [*trials[0].metrics]
    rows = [
        (
            f"{r.trial}{' (failed)' if r.failure else ''}",
            r.seed,
            *(f"{r.metrics[name]:.2f}" for name in names),
            r.steps,
            f"{r.seconds:.0f}",
        )
        for r in trials
    ]
    if len(trials) > 1:
        (found,) = results.summary(trials).values()
        for label in ("median", "std"):
            each = (found["metrics"].get(n, {label: math.nan}) for n in names)
            values = [f"{measures[label]:.2f}" for measures in each]
            rows.append((label, "", *values, "", ""))
    return table(("trial", "seed", *names, "updates", "seconds"), rows)
