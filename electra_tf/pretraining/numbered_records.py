"""Records read by their numbers, without those that come before.

A record of an uncompressed file (TFRecord) is its length in eight bytes, their
checksum in four, the content, and its checksum in four. So twelve bytes a
record tell where the next begins, and a machine that wants some of them reads
those, and of the others nothing but the length.
"""

import array
import os
import threading
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from electra_tf.io import files
from electra_tf.io.serialization import CHECKSUM, LENGTH, frame

_HEADER = LENGTH.size + CHECKSUM.size
_FRAME = _HEADER + CHECKSUM.size


def are_numbered(paths: Sequence[str], compression: str) -> bool:
    """Return whether records of these files can be read by their numbers."""
    return not compression and not any(map(files.is_remote, paths))


class NumberedRecords:
    """The records of some files, numbered from 0 through all of them.

    Where records begin is found when they are first asked for, and remembered:
    eight bytes a record.

    Args:
        paths: of files that `are_numbered`.
        counts: the number of records of each.
    """

    def __init__(self, paths: Sequence[str], counts: Sequence[int]):
        self.counts = counts
        self._paths = paths
        self._first = np.cumsum([0, *counts])
        self._begins = [Begins(path) for path in paths]

    def __call__(self, numbers):
        """Read records: int64 `(N,)` to string `(N,)`, in a `tf.data` graph."""
        content = tf.numpy_function(self._read, [numbers], tf.string)
        return tf.ensure_shape(content, numbers.shape)

    def _read(self, numbers: np.ndarray) -> np.ndarray:
        content = np.empty(len(numbers), object)
        places = np.searchsorted(self._first, numbers, side="right") - 1
        for place in np.unique(places):
            rows = np.flatnonzero(places == place)
            inside = (numbers[rows] - self._first[place]).tolist()
            try:
                begins = self._begins[place].up_to(max(inside) + 1)
                with open(self._paths[place], "rb", buffering=0) as file:
                    content[rows] = [
                        _content(file, begins[n], begins[n + 1]) for n in inside
                    ]
            except OSError as error:  # TensorFlow knows few kinds of errors.
                raise ValueError(str(error)) from error
        return content


def _content(file, begin: int, end: int) -> bytes:
    found = os.pread(file.fileno(), end - begin, begin)
    content = found[_HEADER : -CHECKSUM.size]
    if found != frame([content]):
        raise ValueError(f"{file.name} is damaged at byte {begin}.")
    return content


class Begins:
    """The places where a file's records begin, and where the last ends."""

    def __init__(self, path: str):
        self._path = path
        self._found = array.array("q", [0])
        self._lock = threading.Lock()

    def up_to(self, number: int | None = None) -> array.array:
        """Return them as far as record `number`, or all of them for None.

        Raises:
            ValueError: for a file that ends before or amidst a record.
        """
        with self._lock:
            if number is None or number >= len(self._found):
                with open(self._path, "rb", buffering=0) as file:
                    self._look(file.fileno(), number)
            return self._found

    def _look(self, file: int, number: int | None):
        size, found = os.fstat(file).st_size, self._found
        end = found[-1]
        while len(found) <= number if number is not None else end < size:
            length = os.pread(file, LENGTH.size, end)
            if len(length) == LENGTH.size:
                end += LENGTH.unpack(length)[0] + _FRAME
            if len(length) < LENGTH.size or end > size:
                raise ValueError(
                    f"{self._path} ends after {len(found) - 1} whole records."
                )
            found.append(end)
