"""Which labels are taken for which: counted, merged to what fits, and drawn.

The picture is an SVG whose text is text, so that labels of any script have the
letters of the reader's own fonts, and its ground is white on any page.
"""

import collections
import typing
import unicodedata
import warnings
from collections.abc import Sequence

import numpy as np

MOST_LABELS = 20
LONGEST_LABEL = 24  # Characters.
_CELL, _CHARACTER = 0.42, 0.085  # Inches.
_AROUND = 0.4  # Inches beside the labels: an axis's name, and air.
_SHORT = 4  # Characters of a name that fits above its column.
_DARK = 0.5  # Shares from which on a number is white.


class Confusion(typing.NamedTuple):
    """How often labels were taken for which.

    Attributes:
        labels: those shown; the last is of all others if some are merged.
        counts: a row for each right label, a column for each predicted one.
        merged: labels that are merged into the last.
        absent: labels that are left out, as they are neither right nor
            predicted anywhere.
    """

    labels: list[str]
    counts: list[list[int]]
    merged: int = 0
    absent: int = 0

    def caption(self) -> str:
        """Say how to read the picture, and what is not in it."""
        said = [
            "Rows are the right labels, columns the predicted ones. The larger "
            "the share of its row, the darker is a cell."
        ]
        if self.merged:
            said.append(
                f"The {len(self.labels) - 1} commonest labels are shown; the "
                f"{self.merged} others are merged, also where they are taken "
                "for one another."
            )
        if self.absent:
            said.append(f"{self.absent} labels occur nowhere and are left out.")
        if any(len(label) > LONGEST_LABEL for label in self.labels):
            said.append(f"Names are cut after {LONGEST_LABEL} characters.")
        return " ".join(said)


def counted(labels: Sequence[str], gold, predicted) -> Confusion:
    """Count pairs of labels, for up to `MOST_LABELS` of these.

    Args:
        labels: their names.
        gold, predicted: int arrays `(N,)`, numbers of labels.

    >>> counted(("a", "b"), np.array([0, 0, 1]), np.array([0, 1, 1])).counts
    [[1, 1], [0, 1]]
    """
    gold, predicted = np.asarray(gold, int), np.asarray(predicted, int)
    kept = np.arange(len(labels))
    both = np.concatenate([gold, predicted])
    occurs = np.bincount(both, minlength=len(labels))
    if len(kept) > MOST_LABELS:
        kept = np.flatnonzero(occurs)
    absent, merged = len(labels) - len(kept), 0
    if len(kept) > MOST_LABELS:
        merged = len(kept) - MOST_LABELS + 1
        often = np.argsort(-occurs, kind="stable")
        kept = np.sort(often[: MOST_LABELS - 1])
    names = [labels[n] for n in kept] + [f"({merged} others)"] * bool(merged)
    place = np.full(len(labels), len(kept))  # Of all others: behind these.
    place[kept] = range(len(kept))
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (place[gold], place[predicted]), 1)
    return Confusion(names, counts.tolist(), merged, absent)


def draw(confusion: Confusion, path: str) -> None:
    """Draw a matrix into an SVG at `path`, the same for the same counts."""
    import matplotlib
    from matplotlib.figure import Figure

    names = _shown(confusion.labels)
    counts = np.array(confusion.counts)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    longest = max(map(_width, names))
    lies = longest <= _SHORT
    side = _CELL * len(names)
    left = _AROUND + _CHARACTER * max(longest, _SHORT)
    top = _AROUND + _CHARACTER * (_SHORT if lies else longest)
    width, height = left + side + _AROUND, top + side + _AROUND
    figure = Figure(figsize=(width, height), facecolor="white")
    axis = figure.add_axes(
        (left / width, _AROUND / height, side / width, side / height)
    )
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = shares[row, column] > _DARK
            axis.text(
                *(column, row, f"{count}"),
                color="white" if dark else "black",
                **{"ha": "center", "va": "center", "fontsize": 7},
            )
    places, style = range(len(names)), {"fontsize": 8, "parse_math": False}
    axis.set_yticks(places, names, **style)
    axis.set_xticks(places, names, rotation=0 if lies else 90, **style)
    axis.xaxis.tick_top()
    axis.xaxis.set_label_position("top")
    axis.set(ylabel="right", xlabel="predicted")
    settings = {"svg.fonttype": "none", "svg.hashsalt": "confusion"}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        # The reader's fonts have those letters that matplotlib's lack.
        warnings.filterwarnings("ignore", "Glyph ")
        figure.savefig(path, format="svg", metadata={"Date": None})


def _shown(labels: Sequence[str]) -> list[str]:
    """Return names of one line that are no two the same.

    >>> _shown(["a\\tb", "x" * 30, "x" * 31])
    ['a b', 'xxxxxxxxxxxxxxxxxxxxxxxx… (2)', 'xxxxxxxxxxxxxxxxxxxxxxxx… (3)']
    """
    names = []
    for label in labels:
        name = " ".join(label.split())
        if len(name) > LONGEST_LABEL:
            name = name[:LONGEST_LABEL] + "…"
        # Other characters than these are not allowed in XML, or do not show.
        names.append("".join(c if c.isprintable() else "\ufffd" for c in name))
    times = collections.Counter(names)
    return [
        name if times[name] == 1 else f"{name} ({number})"
        for number, name in enumerate(names, 1)
    ]


def _width(name: str) -> int:
    """Return the columns of a name; ideographs take two."""
    return sum(
        1 + (unicodedata.east_asian_width(character) in "WF")
        for character in name
    )
