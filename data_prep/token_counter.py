"""How often each token comes, counted by the jobs of a build."""

import os
import pathlib

import numpy as np

from electra_tf.io import files
from electra_tf.text import id_strings

# Strings counted together.
_STRINGS_AT_ONCE = 1 << 10


class TokenCounter:
    """Counts ids, given as strings of them (`id_strings`).

    >>> counter = TokenCounter(4)
    >>> counter.add(id_strings.of([1, 3, 1]))
    >>> counter.counts.tolist()
    [0, 2, 0, 1]
    """

    def __init__(self, vocab_size: int):
        self._counts = np.zeros(vocab_size, np.int64)
        self._waiting: list[str] = []

    def add(self, ids: str) -> None:
        """Count some ids."""
        self._waiting.append(ids)
        if len(self._waiting) >= _STRINGS_AT_ONCE:
            self._count()

    @property
    def counts(self) -> np.ndarray:
        """How often each id came, int64 `(V,)`."""
        self._count()
        return self._counts

    def _count(self) -> None:
        ids = id_strings.to_array("".join(self._waiting))
        self._counts += np.bincount(ids, minlength=len(self._counts))
        self._waiting.clear()

    def save(self, folder: str, number: int) -> None:
        """Write the counts of a job, before it says that it is finished."""
        path = path_of(folder, number)
        with open(files.unfinished(path), "wb") as file:
            np.save(file, self.counts, allow_pickle=False)
        files.finish(path)


def total(folder: str | os.PathLike, num_jobs: int) -> np.ndarray:
    """Add up what the jobs of a build counted."""
    return sum(
        np.load(path_of(folder, number), allow_pickle=False)
        for number in range(num_jobs)
    )


def path_of(folder: str | os.PathLike, number: int) -> pathlib.Path:
    """Return the file of a job's counts."""
    return pathlib.Path(folder, f"job-{number}-tokens.npy")
