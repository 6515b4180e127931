"""Draws the study's comparisons as the panels of one figure."""

import pathlib

from benchmarks.study.models import MODELS, PANELS, SCRATCH
from benchmarks.study.scores import Scored

_COLORS = ("#c0392b", "#2a6fb0", "#1e8449", "#b9770e", "#7d3c98", "#566573")
_GREY = "#888888"


def draw(found: list[Scored], path: pathlib.Path):
    """Draw score by cost, and a panel of bars for each comparison.

    Args:
        found: scores; those without an average are left out.
        path: of the PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    done = [one for one in found if one.average is not None]
    panels = [p for p in PANELS if _finals(done, p.models)]
    figure, axes = pyplot.subplots(
        1 + len(panels),
        1,
        figsize=(7, 3 * (1 + len(panels))),
        layout="constrained",
        squeeze=False,
    )
    _curves(axes[0][0], done)
    for (axis,), panel in zip(axes[1:], panels, strict=True):
        _bars(axis, panel, done)
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def _finals(done: list[Scored], names) -> dict[str, Scored]:
    """Return whole trainings of some models; of several seeds the first."""
    found = {}
    for one in done:
        if one.share == 1 and one.training.name in names:
            found.setdefault(one.training.name, one)
    return {name: found[name] for name in names if name in found}


def _floor(axis, done: list[Scored], horizontal=True):
    for one in _finals(done, (SCRATCH,)).values():
        line = axis.axhline if horizontal else axis.axvline
        line(one.average.mean, color=_GREY, ls="--", label="random weights")


def _curves(axis, done: list[Scored]):
    """Score by FLOPs, a line a model."""
    names = dict.fromkeys(
        one.training.name for one in done if MODELS[one.training.name].curve
    )
    for name, color in zip(names, _COLORS, strict=False):
        points = [o for o in done if o.training.name == name]
        points = sorted(points, key=lambda one: one.share)
        axis.errorbar(
            [one.share * one.row["flops"] for one in points],
            [one.average.mean for one in points],
            [one.average.deviation for one in points],
            marker="o",
            ms=4,
            capsize=3,
            color=color,
            label=MODELS[name].title,
        )
    _floor(axis, done)
    axis.set(
        title="score by cost (ELECTRA, Figures 1 and 3 right)",
        xlabel="pre-training FLOPs, as executed",
        ylabel="mean score",
    )
    axis.grid(alpha=0.25)
    axis.legend(fontsize=8)


def _bars(axis, panel, done: list[Scored]):
    found = _finals(done, panel.models)
    labels = [MODELS[name].title for name in found]
    axis.barh(
        labels,
        [one.average.mean for one in found.values()],
        xerr=[one.average.deviation for one in found.values()],
        color=_COLORS[1],
        capsize=3,
        height=0.6,
    )
    _floor(axis, done, horizontal=False)
    axis.invert_yaxis()
    means = [one.average.mean for one in found.values()]
    floor = [one.average.mean for one in _finals(done, (SCRATCH,)).values()]
    axis.set_xlim(max(0, min(means + floor) - 5), max(means) + 5)
    axis.set(title=f"{panel.title} ({panel.source})", xlabel="mean score")
    axis.grid(alpha=0.25, axis="x")
