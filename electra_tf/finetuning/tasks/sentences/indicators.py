"""Lists of a number for each label, which are no lists of labels.

`[1, 0, 0]` says that a text has the first of three labels; as a list of labels
it would say that the text has the labels 1 and 0.
"""

import re
from collections.abc import Iterable

_TRUTHS = {"true": 1.0, "false": 0.0}
_BETWEEN = re.compile(r"[\s,;|]+")
_BITS = re.compile("[01]{2,}")


def is_indicator(labels: list[str]) -> bool:
    """Return whether a list can only be a 0 or 1 for each label.

    >>> is_indicator(["1.0", "0.0", "0.0"]), is_indicator(["1", "0"])
    (True, False)
    """
    repeated = len({*labels}) < len(labels)
    return repeated and {*map(_share, labels)} <= {0.0, 1.0}


def are_indicators(rows: Iterable[list[str]]) -> bool:
    """Return whether all lists have a number from 0 to 1 for each label.

    They are as long as each other, and two or longer. One that is a text alone
    may have other marks between its numbers, or none: `100`.

    >>> are_indicators([["1", "0"], ["0", "1"]]), are_indicators([["1 0"]])
    (True, True)
    >>> are_indicators([["1", "0"], ["1"]]), are_indicators([["10"], ["01"]])
    (False, True)
    """
    lengths = set()
    for labels in rows:
        if len(labels) == 1:
            text = labels[0].strip()
            is_bits = _BITS.fullmatch(text)
            labels = list(text) if is_bits else _BETWEEN.split(text)
        lengths.add(len(labels))
        if len(lengths) > 1 or None in map(_share, labels):
            return False
    return bool(lengths) and min(lengths) > 1


def _share(label: str) -> float | None:
    """Return the number from 0 to 1 that a label is; None for another."""
    text = label.strip().lower()
    try:
        number = _TRUTHS[text] if text in _TRUTHS else float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None
