"""How often each token comes, counted by the jobs of a build."""

import array
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from data_prep import whole_files

# Ids counted together.
_IDS_AT_ONCE = 1 << 16


class TokenCounter:
    """Counts ids.

    >>> counter = TokenCounter(4)
    >>> counter.add([1, 3, 1])
    >>> counter.counts.tolist()
    [0, 2, 0, 1]
    """

    def __init__(self, vocab_size: int):
        self._counts = np.zeros(vocab_size, np.int64)
        self._waiting = array.array("i")

    def add(self, ids: Sequence[int]) -> None:
        """Count some ids."""
        self._waiting.extend(ids)
        if len(self._waiting) >= _IDS_AT_ONCE:
            self._count()

    @property
    def counts(self) -> np.ndarray:
        """How often each id came, int64 `(V,)`."""
        self._count()
        return self._counts

    def _count(self) -> None:
        ids = np.frombuffer(self._waiting, np.int32) if self._waiting else []
        self._counts += np.bincount(
            np.asarray(ids, np.int64), minlength=len(self._counts)
        )
        self._waiting = array.array("i")

    def save(self, folder: str, number: int) -> None:
        """Write the counts of a job, before it says that it is finished."""
        path = _path(folder, number)
        with open(whole_files.unfinished(path), "wb") as file:
            np.save(file, self.counts, allow_pickle=False)
        whole_files.finish(path)


def total(folder: str | os.PathLike, num_jobs: int) -> np.ndarray:
    """Add up what the jobs of a build counted."""
    return sum(
        np.load(_path(folder, number), allow_pickle=False)
        for number in range(num_jobs)
    )


def _path(folder: str | os.PathLike, number: int) -> pathlib.Path:
    return pathlib.Path(folder, f"job-{number}-tokens.npy")
