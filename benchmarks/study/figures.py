"""Draws the study's comparisons: a row each, a column a task."""

import collections
import pathlib

from benchmarks.study.models import BY_COST, PANELS, SCRATCH, Panel
from benchmarks.study.probes import PROBES
from benchmarks.study.scores import (
    BASELINE,
    Scored,
    by_cost,
    crossing,
    pooled,
)

_BLUE, _GREY = "#2a6fb0", "#888888"
_WIDTH, _HEIGHT = 5.2, 2.4  # Of a panel, in inches.


def draw(tasks: tuple[str, ...], found: list[Scored], path: pathlib.Path):
    """Draw the comparisons of the papers, one below the other.

    Args:
        tasks: their names; a column each.
        found: scores; comparisons of fewer than two models are left out.
        path: of the PNG.
    """
    scored = [one for one in found if one.tasks]
    panels = [p for p in PANELS if len(_finals(scored, p.labels)) > 1]
    if not panels:
        return
    figure, axes = _panels(len(panels), len(tasks), _HEIGHT)
    for task, column in zip(tasks, axes.T, strict=True):
        with_task = [one for one in scored if task in one.tasks]
        for axis, panel in zip(column, panels, strict=True):
            _comparison(axis, with_task, task, panel)
    figure.savefig(path, dpi=80)


def draw_by_cost(
    tasks: tuple[str, ...], found: list[Scored], path: pathlib.Path
):
    """Draw score by cost, a panel a task, into an SVG at `path`.

    Nothing is drawn where all models have one budget.
    """
    import matplotlib

    if len({one.training.flops for one in found if one.row.get("flops")}) < 2:
        return
    figure, axes = _panels(1, len(tasks), 1.5 * _HEIGHT)
    for task, axis in zip(tasks, axes[0], strict=True):
        _by_cost(axis, [one for one in found if task in one.tasks], task)
    # The same results make the same file.
    with matplotlib.rc_context({"svg.hashsalt": path.name}):
        figure.savefig(path, metadata={"Date": None})


def _panels(num_rows: int, num_columns: int, height: float):
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(num_columns * _WIDTH, num_rows * height),
        layout="constrained",
    )
    return figure, figure.subplots(num_rows, num_columns, squeeze=False)


def _finals(scored: list[Scored], names) -> list[Scored]:
    """Return some models at the budget that has the most of them."""
    found = [one for n in names for one in scored if one.name == n]
    budgets = collections.Counter(one.training.flops for one in found)
    if not budgets:
        return []
    ((most, _),) = budgets.most_common(1)
    return [one for one in found if one.training.flops == most]


def _by_cost(axis, scored: list[Scored], task: str):
    """Score by FLOPs: a line a model over all seeds, a dot a pre-training."""
    trained = [one for one in scored if one.name != SCRATCH]
    for name, points in by_cost(trained, task).items():
        scores = [pooled(found, task) for found in points.values()]
        lines = axis.errorbar(
            list(points),
            [score.mean for score in scores],
            [score.deviation for score in scores],
            marker="o",
            markersize=4,
            capsize=3,
            label=BY_COST.labels.get(name, name),
        )
        color = lines[0].get_color()
        of_each = [
            (f, one.tasks[task].mean) for f in points for one in points[f]
        ]
        axis.plot(*zip(*of_each, strict=True), ".", color=color, alpha=0.6)
        _mark_crossing(axis, crossing(trained, name, task), color)
    for one in _finals(scored, [SCRATCH]):
        axis.axhline(
            one.tasks[task].mean, color=_GREY, ls="--", label="random weights"
        )
    axis.set_title(BY_COST.title, fontsize=9)
    axis.set_xscale("log")
    budgets = sorted({one.training.flops for one in trained})
    axis.set_xticks(budgets, [f"{flops:.3g}" for flops in budgets])
    axis.minorticks_off()
    axis.set_xlabel("pre-training FLOPs, as executed")
    axis.set_ylabel(f"{task} {PROBES[task].metric}")
    axis.grid(alpha=0.25)
    if axis.get_legend_handles_labels()[0]:
        axis.legend(fontsize=7)


def _mark_crossing(axis, flops: float | None, color):
    """Draw where a line would pass the baseline, and say it is a guess."""
    if flops is None:
        return
    axis.axvline(
        flops,
        color=color,
        ls=":",
        label=f"passes {BY_COST.labels[BASELINE]} (extrapolated)",
    )


def _comparison(axis, scored: list[Scored], task: str, panel: Panel):
    """Scores one below the other, with their spread; a mark a training."""
    found = _finals(scored, panel.labels)
    axis.errorbar(
        [one.tasks[task].mean for one in found],
        [panel.labels[one.name] for one in found],
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
    axis.set_xlabel(f"{task} {PROBES[task].metric}")
    axis.grid(alpha=0.25)
