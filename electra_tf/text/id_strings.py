"""Ids as characters: the character with the code point k is the id k.

A string is the most compact sequence of numbers that Python has, and the
fastest to cut and to join, so builds carry the ids of texts in this form.

>>> sentence = of([7592, 2088])
>>> len(sentence), to_array(sentence[1:] + of([102]))
(2, array([2088,  102], dtype=int32))
"""

from collections.abc import Sequence

import numpy as np

_ENCODING = "utf-32-le"
# Code points of surrogates are ids like others.
_ERRORS = "surrogatepass"


def of(ids: Sequence[int] | np.ndarray) -> str:
    """Return ids as a string; they must be less than 0x110000."""
    return np.asarray(ids, "<u4").tobytes().decode(_ENCODING, _ERRORS)


def to_array(ids: str) -> np.ndarray:
    """Return the ids of a string, int32 `(len(ids),)`."""
    return np.frombuffer(ids.encode(_ENCODING, _ERRORS), "<i4")
