"""What tells the examples of a run from others; no TensorFlow."""

import hashlib
from collections.abc import Iterable

import numpy as np


def content(value):
    """Return what an example holds, in terms that `repr` writes out.

    >>> content((1, "a", [{"b": None}]))
    (1, 'a', ({'b': None},))
    """
    if isinstance(value, tuple | list):
        return tuple(content(part) for part in value)
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, dict):
        return {name: content(part) for name, part in value.items()}
    # What objects remember of what they worked out depends on the rest.
    return {"text": value.text}


def of_examples(examples: Iterable) -> str:
    """Return the hash of some examples, in their order."""
    digest = hashlib.sha256()
    for example in examples:
        text = f"{content(example)!r}\n"
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def of_arrays(arrays: dict[str, np.ndarray]) -> str:
    """Return the hash of arrays by name, whatever their order."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}\n".encode())
        digest.update(np.ravel(arrays[name]).view(np.uint8))
    return digest.hexdigest()
