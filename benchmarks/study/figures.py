"""Draws the study's comparisons: a row each, a column a task."""

import pathlib

from benchmarks.study.models import MODELS, PANELS, SCRATCH, Panel
from benchmarks.study.scores import METRICS, Scored

_BLUE, _GREY = "#2a6fb0", "#888888"
_WIDTH, _HEIGHT = 5.2, 2.4  # Of a panel, in inches.


def draw(tasks: tuple[str, ...], found: list[Scored], path: pathlib.Path):
    """Draw score by cost, and below it each comparison of the papers.

    Args:
        tasks: their names; a column each.
        found: scores; comparisons of fewer than two models are left out.
        path: of the PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    scored = [one for one in found if one.tasks]
    panels = [p for p in PANELS if len(_finals(scored, p.labels)) > 1]
    num_rows, num_columns = 1 + len(panels), len(tasks)
    figure, axes = pyplot.subplots(
        num_rows,
        num_columns,
        figsize=(num_columns * _WIDTH, num_rows * _HEIGHT),
        layout="constrained",
        squeeze=False,
    )
    for task, column in zip(tasks, axes.T, strict=True):
        with_task = [one for one in scored if task in one.tasks]
        _curves(column[0], with_task, task)
        for axis, panel in zip(column[1:], panels, strict=True):
            _comparison(axis, with_task, task, panel)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def _finals(scored: list[Scored], names) -> list[Scored]:
    """Return whole trainings of some models, in the order of `names`."""
    whole = [one for one in scored if one.share == 1]
    return [one for n in names for one in whole if one.training.name == n]


def _curves(axis, scored: list[Scored], task: str):
    """Score by FLOPs, a line a training."""
    curves = [one for one in scored if MODELS[one.training.name].curve]
    for training_id in dict.fromkeys(one.training.id for one in curves):
        points = [one for one in curves if one.training.id == training_id]
        axis.errorbar(
            [one.spent * one.row["flops"] for one in points],
            [one.tasks[task].mean for one in points],
            [one.tasks[task].deviation for one in points],
            marker="o",
            markersize=4,
            capsize=3,
            label=points[0].training.name,
        )
    for one in _finals(scored, [SCRATCH]):
        axis.axhline(
            one.tasks[task].mean, color=_GREY, ls="--", label="random weights"
        )
    axis.set_title("score by cost (ELECTRA, Figures 1, 3 right)", fontsize=9)
    budget = max((one.row["flops"] for one in curves), default=1)
    axis.set_xlim(0, 1.05 * budget)
    axis.set_xlabel("pre-training FLOPs, as executed")
    axis.set_ylabel(f"{task} {METRICS[task]}")
    axis.grid(alpha=0.25)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=8)


def _comparison(axis, scored: list[Scored], task: str, panel: Panel):
    """Scores one below the other, with their spread; a mark a training."""
    found = _finals(scored, panel.labels)
    axis.errorbar(
        [one.tasks[task].mean for one in found],
        [panel.labels[one.training.name] for one in found],
        xerr=[one.tasks[task].deviation for one in found],
        fmt="o",
        capsize=3,
        color=_BLUE,
    )
    for one in _finals(scored, [SCRATCH]):
        axis.axvline(one.tasks[task].mean, color=_GREY, ls="--")
    axis.margins(y=0.15)
    axis.invert_yaxis()
    axis.set_title(panel.title, fontsize=9)
    axis.set_xlabel(f"{task} {METRICS[task]}")
    axis.grid(alpha=0.25)
