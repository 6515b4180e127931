"""The paper's plots of score by cost, and a user's own runs in them.

    python -m electra_tf.efficiency.plots --output_dir=plots \\
        --curves_dir=curves --runs data/models/small data/models/base

Draws Figure 1, as published and by our count; and, where `--curves_dir` has
`fig3_right.csv` or `fig4_right.csv` (columns curve, flops, glue), the right
panels of Figures 3 and 4. Each is written as PNG and SVG.
"""

import argparse
import csv
import pathlib
import sys
import typing

from electra_tf.efficiency import own_runs
from electra_tf.efficiency.figure_points import FIGURE_1
from electra_tf.efficiency.published_models import MODELS

RED, BLUE, GREY, GREEN = "#c0392b", "#2a6fb0", "#888888", "#1e8449"
COST, SCORE = "pre-training FLOPs", "GLUE score, development sets"
# Where a label stands, in points from its mark; others are to the right.
_RIGHT = (8, -3)
_PLACES = {
    "BERT-Small": (8, -16),
    "ELECTRA-Small": (8, 9),
    "ELMo": (8, -16),
    "GPT": (8, -10),
    "BERT-Base": (8, -10),
    "ELECTRA-Base": (8, 4),
    "BERT-Large": (8, -10),
    "RoBERTa 100k": (0, -16),
    "RoBERTa 300k": (0, -16),
    "RoBERTa 500k": (-30, -16),
    "XLNet": (-10, 9),
    "ELECTRA-Large 100k": (-6, 8),
    "ELECTRA-Large 200k": (8, -12),
    "ELECTRA-Large 300k": (8, -12),
    "ELECTRA-Large 400k": (-50, 9),
}


class Panel(typing.NamedTuple):
    """A panel of Figure 1.

    Attributes:
        title: above it.
        limits: of the horizontal axis.
        lowest: of the vertical axis.
        logarithmic: whether the horizontal axis is.
        labelled: labels to write; None for all.
    """

    title: str
    limits: tuple[float, float]
    lowest: float
    logarithmic: bool
    labelled: tuple[str, ...] | None = None


# The first two are the paper's; the third shows small models apart.
PANELS = (
    Panel(
        "up to ELECTRA-400K",
        (-2e19, 8e20),
        67,
        False,
        (
            "GloVe",
            "ELMo",
            "GPT",
            "BERT-Small",
            "BERT-Base",
            "BERT-Large",
            "RoBERTa 100k",
            "ELECTRA-Small",
            "ELECTRA-Base",
            "ELECTRA-Large 100k",
            "ELECTRA-Large 200k",
            "ELECTRA-Large 300k",
            "ELECTRA-Large 400k",
        ),
    ),
    Panel(
        "all",
        (-1e20, 4.3e21),
        67,
        False,
        (
            "RoBERTa 100k",
            "RoBERTa 300k",
            "RoBERTa 500k",
            "XLNet",
            "BERT-Large",
            "ELECTRA-Large 400k",
        ),
    ),
    Panel(
        "all, logarithmic",
        (5e17, 1.5e22),
        67,
        True,
        (
            "ELMo",
            "GPT",
            "BERT-Small",
            "BERT-Base",
            "BERT-Large",
            "XLNet",
            "ELECTRA-Small",
            "ELECTRA-Base",
            "ELECTRA-Large 400k",
        ),
    ),
)


def figure_1(pyplot, runs=()):
    """Draw all panels of Figure 1 and return the figure."""
    figure, axes = pyplot.subplots(
        1, len(PANELS), figsize=(20, 7), layout="constrained"
    )
    for axis, panel in zip(axes, PANELS, strict=True):
        panel = _widened(panel, runs)
        _draw_panel(axis, panel)
        _draw_runs(axis, [r for r in runs if _inside(r.flops, panel)])
    axes[0].set_ylabel(SCORE)
    axes[0].legend(loc="lower right")
    return figure


def _widened(panel: Panel, runs) -> Panel:
    """Return a panel that low scores, and cheap runs, fit into."""
    low, high = panel.limits
    if panel.logarithmic:
        low = min([low, *(run.flops / 3 for run in runs)])
    lowest = min([panel.lowest, *(run.score - 2 for run in runs)])
    return panel._replace(limits=(low, high), lowest=lowest)


def _draw_panel(axis, panel: Panel):
    for detects, color, name in (
        (True, RED, "replaced token detection"),
        (False, BLUE, "masked or other language models"),
    ):
        points = [p for p in FIGURE_1 if p.detects == detects]
        _scatter(axis, panel, points, color, name)
        for point in points:
            _label(axis, panel, point, color)
    axis.set_title(panel.title)
    axis.set_xlabel(COST)
    if panel.logarithmic:
        axis.set_xscale("log")
    axis.set_xlim(panel.limits)
    axis.set_ylim(panel.lowest, 91)
    axis.grid(alpha=0.25)


def _scatter(axis, panel: Panel, points, color: str, name: str):
    """Draw published places as filled marks, our count's as rings."""
    published = [p for p in points if _inside(p.flops, panel)]
    axis.plot(
        [p.flops for p in published],
        [p.glue for p in published],
        "s" if color == RED else "o",
        color=color,
        label=f"{name}, published",
    )
    counted = [
        (MODELS[p.model].training_flops, p.glue) for p in points if p.model
    ]
    axis.plot(
        [flops for flops, _ in counted],
        [glue for _, glue in counted],
        "D" if color == RED else "o",
        color=color,
        markerfacecolor="none",
        markersize=11,
        label=f"{name}, our count",
    )


def _label(axis, panel: Panel, point, color: str):
    wanted = panel.labelled is None or point.label in panel.labelled
    if not wanted or not _inside(point.flops, panel):
        return
    axis.annotate(
        point.label,
        (point.flops, point.glue),
        _PLACES.get(point.label, _RIGHT),
        textcoords="offset points",
        fontsize=8,
        color=color,
    )


def _inside(flops: float, panel: Panel) -> bool:
    return panel.limits[0] <= flops <= panel.limits[1]


def _draw_runs(axis, runs):
    for run in runs:
        axis.plot(run.flops, run.score, "*", color=GREEN, markersize=13)
        axis.annotate(
            f"{run.name} ({len(run.tasks)} tasks)",
            (run.flops, run.score),
            (8, 4),
            textcoords="offset points",
            fontsize=8,
            color=GREEN,
        )


def curves(pyplot, path: pathlib.Path, title: str, runs=()):
    """Draw the curves of a file and return the figure.

    Args:
        pyplot: matplotlib's.
        path: CSV with the columns curve, flops and glue.
        title: above the plot.
        runs: `OwnRun`s to add.
    """
    figure, axis = pyplot.subplots(figsize=(9, 6), layout="constrained")
    for name, points in read_curves(path).items():
        axis.plot(*zip(*points, strict=True), label=name, linewidth=1.5)
    _draw_runs(axis, runs)
    axis.set_title(title)
    axis.set_xlabel(COST)
    axis.set_ylabel(SCORE)
    axis.grid(alpha=0.25)
    axis.legend(loc="lower right")
    return figure


def read_curves(path: pathlib.Path) -> dict[str, list[tuple[float, float]]]:
    """Read points (flops, glue) by curve.

    Raises:
        ValueError: if the file has other columns, or no numbers.
    """
    result: dict[str, list] = {}
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != ["curve", "flops", "glue"]:
            raise ValueError(
                f"{path} must have the columns curve, flops, glue. Received: "
                f"{reader.fieldnames}."
            )
        for row in reader:
            point = (float(row["flops"]), float(row["glue"]))
            name = row["curve"].partition(" (")[0]  # Without its remarks.
            result.setdefault(name, []).append(point)
    return result


CURVES = {
    "fig3_right": "Training algorithms (Figure 3, right)",
    "fig4_right": "ELECTRA and BERT of width 256 (Figure 4, right)",
}


def draw(pyplot, curves_dir: str | None, runs) -> dict:
    """Return all figures by name."""
    figures = {"fig1": figure_1(pyplot, runs)}
    if curves_dir is None:
        return figures
    for name, title in CURVES.items():
        path = pathlib.Path(curves_dir, f"{name}.csv")
        if path.exists():
            figures[name] = curves(pyplot, path, title, runs)
    if len(figures) == 1:
        raise ValueError(
            f"{curves_dir} has neither {' nor '.join(CURVES)}.csv."
        )
    return figures


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`."""
    args = _parser().parse_args(argv)
    try:
        runs = [own_runs.read(folder) for folder in args.runs]
        for path in _write(args, runs):
            print(path)
    except (OSError, ValueError) as error:
        sys.exit(f"plots: {error}")


def _write(args, runs) -> list[pathlib.Path]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    folder = pathlib.Path(args.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in draw(pyplot, args.curves_dir, runs).items():
        for kind in ("png", "svg"):
            paths.append(folder / f"{name}.{kind}")
            figure.savefig(paths[-1], dpi=100)
        pyplot.close(figure)
    return paths


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m electra_tf.efficiency.plots",
        description="The paper's plots of score by cost.",
    )
    add = parser.add_argument
    add("--output_dir", required=True, help="folder of the plots")
    add("--curves_dir", help="folder of fig3_right.csv and fig4_right.csv")
    add(
        "--runs",
        nargs="*",
        default=[],
        metavar="DIR",
        help="folders of pre-trained models with fine-tuning results",
    )
    return parser


if __name__ == "__main__":
    main()
