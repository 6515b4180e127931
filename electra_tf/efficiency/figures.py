"""The paper's figures of GLUE score by pre-training cost, with own runs.

Figure 1 as published and by our count; the right panels of Figures 3 and 4.
"""

import csv
import io
import typing

from electra_tf.efficiency.published_models import MODELS
from electra_tf.errors import UserError
from electra_tf.io import files

RED, BLUE, GREEN = "#c0392b", "#2a6fb0", "#1e8449"
COST, SCORE = "pre-training FLOPs", "GLUE score, development sets"
GLUE = ("cola", "sst", "mrpc", "sts", "qqp", "mnli", "qnli", "rte")
_RIGHT = (11, -3)  # Points from a mark to its label.
_BELOW, _ABOVE = (9, -13), (9, 6)
_MARGIN = 5  # Points of the score that a run may lie below all curves.


class Point(typing.NamedTuple):
    """A model in Figure 1."""

    label: str  # As printed.
    model: str | None  # Of `published_models.MODELS`; None for GloVe.
    flops: float  # Where the figure has it, read from its drawing.
    glue: float  # Likewise; development sets, average.
    detects: bool = False  # Whether it is trained by replaced token detection.


FIGURE_1 = (
    Point("GloVe", None, 0.0, 68.60),
    Point("BERT-Small", "bert_small", 9.85e17, 75.10),
    Point("ELMo", "elmo", 3.1e18, 71.18),
    Point("GPT", "gpt", 3.97e19, 78.78),
    Point("BERT-Base", "bert_base", 6.43e19, 82.21),
    Point("BERT-Large", "bert_large", 1.92e20, 84.00),
    Point("RoBERTa 100k", "roberta_100k", 6.37e20, 87.91),
    Point("RoBERTa 300k", "roberta_300k", 1.91e21, 88.36),
    Point("RoBERTa 500k", "roberta", 3.19e21, 88.93),
    Point("XLNet", "xlnet", 3.86e21, 89.11),
    Point("ELECTRA-Small", "electra_small", 9.85e17, 79.90, True),
    Point("ELECTRA-Base", "electra_base", 6.43e19, 85.07, True),
    Point("ELECTRA-Large 100k", "electra_100k", 1.78e20, 87.80, True),
    Point("ELECTRA-Large 200k", "electra_200k", 3.56e20, 88.37, True),
    Point("ELECTRA-Large 300k", "electra_300k", 5.34e20, 88.83, True),
    Point("ELECTRA-Large 400k", "electra_400k", 7.12e20, 89.03, True),
)


class Panel(typing.NamedTuple):
    """A panel of Figure 1."""

    title: str  # Above it.
    limits: tuple[float, float]  # Of the horizontal axis.
    logarithmic: bool  # Whether that axis is.
    texts: dict[str, str]  # What some models have instead of their label.
    # In points from the mark, where it is not to its right.
    places: dict[str, tuple[int, int]]


LOWEST, HIGHEST = 67, 92
_SMALL = {
    "BERT-Small": _BELOW,
    "ELECTRA-Small": _ABOVE,
    "ELMo": _BELOW,
    "BERT-Base": _BELOW,
    "BERT-Large": _BELOW,
}
_SHORT = {f"ELECTRA-Large {k}00k": f"{k}00k" for k in (2, 3, 4)}
# The paper's two panels, and one where small models, and own runs, are apart.
LEFT = Panel(
    "up to ELECTRA-400K",
    (-2e19, 8e20),
    False,
    _SHORT,
    _SMALL
    | {
        **dict.fromkeys(_SHORT, (-12, 10)),
        "RoBERTa 100k": (-28, -17),
        "ELECTRA-Large 100k": (-8, 10),
    },
)
RIGHT = Panel(
    "all",
    (-1e20, 4.3e21),
    False,
    _SHORT,
    _SMALL
    | {
        "ELECTRA-Large 100k": _BELOW,
        "ELECTRA-Large 200k": (-27, 7),
        "ELECTRA-Large 300k": (-22, 10),
        "ELECTRA-Large 400k": (-4, 10),
        "RoBERTa 300k": (-25, -17),
        "RoBERTa 500k": (-45, -17),
        "XLNet": (-12, 10),
    },
)
LOGARITHMIC = Panel(
    "all, by the logarithm of the cost",
    (1e17, 1e23),
    True,
    {
        "ELECTRA-Large 100k": "ELECTRA-Large 100k to 400k",
        **dict.fromkeys(_SHORT, ""),
        "RoBERTa 100k": "RoBERTa 100k to 500k",
        "RoBERTa 300k": "",
        "RoBERTa 500k": "",
    },
    {
        "BERT-Small": (-63, -3),
        "ELECTRA-Small": (-82, -3),
        "ELMo": _BELOW,
        "ELECTRA-Base": (-80, -3),
        "ELECTRA-Large 100k": (-146, -3),
        "RoBERTa 100k": _BELOW,
        "XLNet": _RIGHT,
    },
)


def _figure(width: float, height: float):
    from matplotlib.figure import Figure  # Not before something is drawn.

    return Figure((width, height), layout="constrained")


def as_in_the_paper(runs=()):
    """Draw the two panels of the paper and return the figure."""
    figure = _figure(14, 6)
    axes = figure.subplots(1, 2)
    for axis, panel in zip(axes, (LEFT, RIGHT), strict=True):
        _draw(axis, panel, (LOWEST, HIGHEST))
        inside = [r for r in runs if _inside(panel, r.flops, r.score)]
        _draw_runs(axis, inside)
        _outside(axis, [run for run in runs if run not in inside])
    axes[0].set_ylabel(SCORE)
    axes[0].legend(loc="lower right")
    return figure


def logarithmic(runs=()):
    """Draw all models and runs, however cheap, and return the figure."""
    figure = _figure(10, 7)
    axis = figure.subplots()
    low, high = LOGARITHMIC.limits
    cheapest = min([low, *(run.flops / 3 for run in runs)])
    dearest = max([high, *(30 * run.flops for run in runs)])
    panel = LOGARITHMIC._replace(limits=(cheapest, dearest))
    lowest = min([LOWEST, *(run.score - 3 for run in runs)])
    _draw(axis, panel, (lowest, HIGHEST))
    _draw_runs(axis, runs)
    axis.set_ylabel(SCORE)
    axis.legend(loc="lower right")
    return figure


def _draw(axis, panel: Panel, scores: tuple[float, float]):
    _scatter(axis, panel, True, RED, "sD", "replaced token detection")
    _scatter(axis, panel, False, BLUE, "oo", "masked or other language models")
    if panel.logarithmic:
        axis.set_xscale("log")
    axis.set(title=panel.title, xlabel=COST, xlim=panel.limits, ylim=scores)
    axis.grid(alpha=0.25)


def _scatter(
    axis, panel: Panel, detects: bool, color: str, marks: str, name: str
):
    """Draw published places as filled marks, our count's as rings."""
    points = [point for point in FIGURE_1 if point.detects == detects]
    published = [(p.flops, p.glue) for p in points]
    counted = [
        (MODELS[p.model].training_flops, p.glue) for p in points if p.model
    ]
    filled = {"color": color, "label": f"{name}, published"}
    rings = {"color": color, "label": f"{name}, our count"}
    rings |= {"markerfacecolor": "none", "markersize": 11}
    axis.plot(*zip(*published, strict=True), marks[0], **filled)
    axis.plot(*zip(*counted, strict=True), marks[1], **rings)
    for point in points:
        if _inside(panel, point.flops, point.glue):
            text = panel.texts.get(point.label, point.label)
            place = panel.places.get(point.label, _RIGHT)
            _label(axis, text, (point.flops, point.glue), place, color)


def _inside(panel: Panel, flops: float, score: float) -> bool:
    low, high = panel.limits
    return low <= flops <= high and score >= LOWEST


def curves(path, title: str, runs=()):
    """Draw a file's curves and the runs near them; return the figure."""
    figure = _figure(9, 6)
    axis = figure.subplots()
    found = read_curves(path)
    for name, points in found.items():
        axis.plot(*zip(*points, strict=True), label=name, linewidth=1.5)
    near = [run for run in runs if _near(run, found)]
    _draw_runs(axis, near)
    _outside(axis, [run for run in runs if run not in near])
    axis.set(title=title, xlabel=COST, ylabel=SCORE)
    axis.grid(alpha=0.25)
    axis.legend(loc="lower right")
    return figure


def _near(run, found: dict) -> bool:
    points = [point for points in found.values() for point in points]
    dearest = max(flops for flops, _ in points)
    lowest = min(score for _, score in points)
    return run.flops <= 2 * dearest and run.score >= lowest - _MARGIN


def read_curves(path) -> dict[str, list[tuple[float, float]]]:
    """Read points (flops, glue) by curve, from columns curve, flops, glue."""
    result: dict[str, list] = {}
    try:
        reader = csv.DictReader(io.StringIO(files.read(path).decode("utf-8")))
        if reader.fieldnames != ["curve", "flops", "glue"]:
            raise UserError(f"Received: {reader.fieldnames}.")
        for row in reader:
            point = (float(row["flops"]), float(row["glue"]))
            name = row["curve"].partition(" (")[0]  # Without its remarks.
            result.setdefault(name, []).append(point)
        if not result:
            raise UserError("It has no rows.")
    except (TypeError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path} must have the columns curve, flops, glue, and numbers in "
            f"the last two: {error}"
        ) from error
    return result


def _draw_runs(axis, runs):
    """Draw runs of `plots.read_run` as stars; labels alternate in height."""
    for index, run in enumerate(sorted(runs, key=lambda run: run.score)):
        axis.plot(run.flops, run.score, "*", color=GREEN, markersize=13)
        glue = set(run.tasks) == set(GLUE)
        tasks = "GLUE" if glue else ", ".join(run.tasks)
        text = f"{run.name} ({tasks}: {run.score:.1f})"
        offset = (9, 5 if index % 2 else -9)
        _label(axis, text, (run.flops, run.score), offset, GREEN)


def _label(axis, text: str, point: tuple, offset: tuple, color: str):
    """Write a text at so many points from a place of a plot."""
    axis.annotate(
        text, point, offset, textcoords="offset points", fontsize=9, color=color
    )


def _outside(axis, runs):
    """Name the runs that an axis has no place for."""
    if not runs:
        return
    text = f"outside of this plot: {', '.join(run.name for run in runs)}"
    place = {"xy": (0.12, 0.02), "xycoords": "axes fraction"}
    axis.annotate(text, **place, fontsize=9, color=GREEN)
