"""The report of a run's trials: scores, curves, what is confused, errors.

No TensorFlow.
"""

import os
import statistics

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning import error_analysis, results
from electra_tf.finetuning.error_analysis import Evaluated, table
from electra_tf.finetuning.results import TaskResult
from electra_tf.io import files

REPORT_FILE, CURVES_FILE = "report.md", "curves.png"


class Report:
    """Written anew after every trial, into `report_dir`."""

    def __init__(self, config: FinetuningConfig):
        self.config = config
        self.folders: dict[int, str] = {}
        self._trial: list[tuple[str, list[str]]] = []
        self._best: list[tuple[str, list[str]]] = []

    def add(self, evaluated: Evaluated) -> None:
        """Take over what a trial got wrong in one task."""
        found = error_analysis.sections(evaluated)
        self._trial.append((evaluated.task.name, found))

    def write(
        self, trials: list[TaskResult], trial: int, folder: str, best: bool
    ) -> None:
        """Write a report of all results; `folder` has the last trial's log."""
        self.folders[trial] = folder
        if best or not self._best:
            self._best = self._trial
        self._trial = []
        if not trials:
            return
        os.makedirs(self.config.report_dir, exist_ok=True)
        path = os.path.join(self.config.report_dir, REPORT_FILE)
        files.write(path, "\n\n".join(self._parts(trials)) + "\n")

    def _parts(self, trials: list[TaskResult]) -> list[str]:
        config = self.config
        parts = [f"# {config.joined_tasks}: {config.model_name}"]
        if self._draw():
            parts += ["## Training", f"![loss by update]({CURVES_FILE})"]
        for task, found in self._best:
            of_task = [result for result in trials if result.task == task]
            parts += [f"## {task}", scores(of_task)]
            if len(of_task) > 1:
                parts.append("What follows is of the best trial.")
            parts += found
        return parts

    def _draw(self) -> bool:
        """Draw the losses of all trials; say whether there are any."""
        rows = {
            trial: found
            for trial, folder in self.folders.items()
            if (found := results.training_rows(folder))
        }
        if not rows:
            return False
        # A second to import.
        from matplotlib.figure import Figure

        names = [f"{task}_loss" for task in self.config.task_names]
        figure = Figure(figsize=(5 * len(names) + 4, 3.5))
        axes = figure.subplots(1, len(names) + 1)
        for axis, name in zip(axes, (*names, "learning_rate"), strict=True):
            for trial, found in rows.items():
                steps = [row["step"] for row in found]
                values = [row[name] for row in found]
                axis.plot(steps, values, label=f"trial {trial}")
            axis.set(title=name.replace("_", " "), xlabel="update")
            axis.grid(alpha=0.3)
        axes[0].legend()
        figure.tight_layout()
        figure.savefig(os.path.join(self.config.report_dir, CURVES_FILE))
        return True


def scores(trials: list[TaskResult]) -> str:
    """Return a table of one task's trials, and their mean and spread."""
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
        columns = [[r.metrics[name] for r in trials] for name in names]
        measures = {"median": statistics.median, "std": statistics.stdev}
        for label, value in measures.items():
            each = [f"{value(column):.2f}" for column in columns]
            rows.append((label, "", *each, "", ""))
    return table(("trial", "seed", *names, "updates", "seconds"), rows)
