"""Figure 1 of the paper: as published, by our count, and with own runs."""

import typing

from electra_tf.efficiency.figure_points import FIGURE_1, Point
from electra_tf.efficiency.own_runs import draw_runs, outside
from electra_tf.efficiency.published_models import MODELS

RED, BLUE = "#c0392b", "#2a6fb0"
COST, SCORE = "pre-training FLOPs", "GLUE score, development sets"
_RIGHT = (11, -3)  # Points from a mark to its label.
_BELOW, _ABOVE = (9, -13), (9, 6)


class Panel(typing.NamedTuple):
    """A panel of Figure 1.

    Attributes:
        title: above it.
        limits: of the horizontal axis.
        logarithmic: whether that axis is.
        texts: what is written at models; their label, if it is not here.
        places: where, in points from the mark; to its right, if not here.
    """

    title: str
    limits: tuple[float, float]
    logarithmic: bool
    texts: dict[str, str]
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
        "RoBERTa 100k": (-28, -17),
        "ELECTRA-Large 100k": (-8, 10),
        "ELECTRA-Large 200k": (-12, 10),
        "ELECTRA-Large 300k": (-12, 10),
        "ELECTRA-Large 400k": (-12, 10),
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


def as_in_the_paper(pyplot, runs=()):
    """Draw the two panels of the paper and return the figure."""
    figure, axes = pyplot.subplots(1, 2, figsize=(14, 6), layout="constrained")
    for axis, panel in zip(axes, (LEFT, RIGHT), strict=True):
        _draw(axis, panel, (LOWEST, HIGHEST))
        inside = [r for r in runs if _inside(panel, r.flops, r.score)]
        draw_runs(axis, inside)
        outside(axis, [run for run in runs if run not in inside])
    axes[0].set_ylabel(SCORE)
    axes[0].legend(loc="lower right")
    return figure


def logarithmic(pyplot, runs=()):
    """Draw all models and runs, however cheap, and return the figure."""
    figure, axis = pyplot.subplots(figsize=(10, 7), layout="constrained")
    low, high = LOGARITHMIC.limits
    cheapest = min([low, *(run.flops / 3 for run in runs)])
    dearest = max([high, *(30 * run.flops for run in runs)])
    panel = LOGARITHMIC._replace(limits=(cheapest, dearest))
    lowest = min([LOWEST, *(run.score - 3 for run in runs)])
    _draw(axis, panel, (lowest, HIGHEST))
    draw_runs(axis, runs)
    axis.set_ylabel(SCORE)
    axis.legend(loc="lower right")
    return figure


def _draw(axis, panel: Panel, scores: tuple[float, float]):
    for detects, color, name in (
        (True, RED, "replaced token detection"),
        (False, BLUE, "masked or other language models"),
    ):
        points = [p for p in FIGURE_1 if p.detects == detects]
        _scatter(axis, points, color, name)
        for point in points:
            _label(axis, panel, point, color)
    axis.set_title(panel.title)
    axis.set_xlabel(COST)
    if panel.logarithmic:
        axis.set_xscale("log")
    axis.set_xlim(panel.limits)
    axis.set_ylim(scores)
    axis.grid(alpha=0.25)


def _scatter(axis, points: list[Point], color: str, name: str):
    """Draw published places as filled marks, our count's as rings."""
    axis.plot(
        [p.flops for p in points],
        [p.glue for p in points],
        "s" if color == RED else "o",
        color=color,
        label=f"{name}, published",
    )
    counted = [
        (MODELS[p.model].training_flops, p.glue) for p in points if p.model
    ]
    axis.plot(
        *zip(*counted, strict=True),
        "D" if color == RED else "o",
        color=color,
        markerfacecolor="none",
        markersize=11,
        label=f"{name}, our count",
    )


def _label(axis, panel: Panel, point: Point, color: str):
    if not _inside(panel, point.flops, point.glue):
        return
    axis.annotate(
        panel.texts.get(point.label, point.label),
        (point.flops, point.glue),
        panel.places.get(point.label, _RIGHT),
        textcoords="offset points",
        fontsize=9,
        color=color,
    )


def _inside(panel: Panel, flops: float, score: float) -> bool:
    low, high = panel.limits
    return low <= flops <= high and score >= LOWEST
