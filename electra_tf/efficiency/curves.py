"""Curves of scores by cost: the right panels of Figures 3 and 4."""

import csv
import pathlib

from electra_tf.efficiency.figure_1 import COST, SCORE
from electra_tf.efficiency.own_runs import draw_runs, outside
from electra_tf.errors import UserError

_MARGIN = 5  # Points of the score that a run may lie below all curves.


def draw(pyplot, path: pathlib.Path, title: str, runs=()):
    """Draw the curves of a file and return the figure.

    Args:
        pyplot: matplotlib's.
        path: CSV with the columns curve, flops and glue.
        title: above the plot.
        runs: `OwnRun`s to add; those far from the curves are only named.
    """
    figure, axis = pyplot.subplots(figsize=(9, 6), layout="constrained")
    found = read(path)
    for name, points in found.items():
        axis.plot(*zip(*points, strict=True), label=name, linewidth=1.5)
    near = [run for run in runs if _near(run, found)]
    draw_runs(axis, near)
    outside(axis, [run for run in runs if run not in near])
    axis.set_title(title)
    axis.set_xlabel(COST)
    axis.set_ylabel(SCORE)
    axis.grid(alpha=0.25)
    axis.legend(loc="lower right")
    return figure


def _near(run, found: dict) -> bool:
    points = [point for points in found.values() for point in points]
    dearest = max(flops for flops, _ in points)
    lowest = min(score for _, score in points)
    return run.flops <= 2 * dearest and run.score >= lowest - _MARGIN


def read(path: pathlib.Path) -> dict[str, list[tuple[float, float]]]:
    """Read points (flops, glue) by curve.

    Raises:
        ValueError: if the file has other columns, or no numbers.
    """
    result: dict[str, list] = {}
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != ["curve", "flops", "glue"]:
            raise UserError(
                f"{path} must have the columns curve, flops, glue. Received: "
                f"{reader.fieldnames}."
            )
        for row in reader:
            point = (float(row["flops"]), float(row["glue"]))
            name = row["curve"].partition(" (")[0]  # Without its remarks.
            result.setdefault(name, []).append(point)
    return result
