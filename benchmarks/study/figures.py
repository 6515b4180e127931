"""Draws the study's comparisons as the panels of one figure."""

import pathlib

from benchmarks.study.models import MODELS, PANELS, SCRATCH, Panel
from benchmarks.study.scores import Scored

_BLUE, _GREY = "#2a6fb0", "#888888"
_COLUMNS = 2
_WIDTH, _HEIGHT = 5.2, 3.0  # Of a panel, in inches.


def draw(found: list[Scored], path: pathlib.Path):
    """Draw score by cost, and a panel for each comparison.

    Args:
        found: scores; those without an average are left out.
        path: of the PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    done = [one for one in found if one.average is not None]
    panels = [panel for panel in PANELS if len(_finals(done, panel.labels)) > 1]
    rows = -(-(1 + len(panels)) // _COLUMNS)
    figure, axes = pyplot.subplots(
        rows,
        _COLUMNS,
        figsize=(_COLUMNS * _WIDTH, rows * _HEIGHT),
        layout="constrained",
        squeeze=False,
    )
    first, *others = axes.flat
    _curves(first, done)
    for axis, panel in zip(others, panels, strict=False):
        _comparison(axis, panel, done)
    for axis in others[len(panels) :]:
        axis.set_axis_off()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def _finals(done: list[Scored], names) -> list[Scored]:
    """Return whole trainings of some models, in the order of `names`."""
    whole = [one for one in done if one.share == 1]
    return [one for n in names for one in whole if one.training.name == n]


def _curves(axis, done: list[Scored]):
    """Score by FLOPs, a line a training."""
    curves = [one for one in done if MODELS[one.training.name].curve]
    for training_id in dict.fromkeys(one.training.id for one in curves):
        points = [one for one in curves if one.training.id == training_id]
        axis.errorbar(
            [one.spent * one.row["flops"] for one in points],
            [one.average.mean for one in points],
            [one.average.deviation for one in points],
            marker="o",
            markersize=4,
            capsize=3,
            label=points[0].training.name,
        )
    for one in _finals(done, [SCRATCH]):
        axis.axhline(
            one.average.mean, color=_GREY, ls="--", label="random weights"
        )
    axis.set_title("score by cost (ELECTRA, Figures 1, 3 right)", fontsize=10)
    axis.set_xlabel("pre-training FLOPs, as executed")
    axis.set_ylabel("mean score")
    axis.grid(alpha=0.25)
    axis.legend(fontsize=8)


def _comparison(axis, panel: Panel, done: list[Scored]):
    """Scores one below the other, with their spread; a mark a training."""
    found = _finals(done, panel.labels)
    axis.errorbar(
        [one.average.mean for one in found],
        [panel.labels[one.training.name] for one in found],
        xerr=[one.average.deviation for one in found],
        fmt="o",
        capsize=3,
        color=_BLUE,
    )
    for one in _finals(done, [SCRATCH]):
        axis.axvline(one.average.mean, color=_GREY, ls="--")
    axis.margins(y=0.15)
    axis.invert_yaxis()
    axis.set_title(panel.title, fontsize=10)
    axis.set_xlabel("mean score")
    axis.grid(alpha=0.25)
