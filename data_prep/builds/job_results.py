"""Results of a build's jobs, and the files they are in.

job-<number>-tokens.npy   how often each token comes in its examples
job-<number>.json         written last; says that the job is finished
"""

import dataclasses
import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from electra_tf.io import files
from electra_tf.io.manifest import Shard
from electra_tf.text import id_strings

# Strings of ids counted together.
_STRINGS_AT_ONCE = 1 << 10

Folder = str | os.PathLike


class JobResult(NamedTuple):
    """Says what one job made."""

    training: Sequence[Shard]  # Its files of training examples.
    held_out: Sequence[Shard]  # Its files of held-out examples.
    counts: Mapping[str, int]  # Numbers by name, see docs/how_to/data_build.md.
    # Files of which it read some parts, all without text; see `DataIssues`.
    empty_parts: Mapping[str, Sequence[int]]
    # Number of examples by their number of ids, as text.
    lengths: Mapping[str, int]
    # The first places of what was wrong with the text, by name.
    places: Mapping[str, Sequence[str]]
    unknown_words: Sequence[str] = ()  # Some words that became [UNK].

    @property
    def shards(self) -> list[Shard]:
        """All its files of examples."""
        return [*self.training, *self.held_out]

    def to_json(self) -> str:
        """Return the content of the result's file."""
        content = self._asdict()
        for name in ("training", "held_out"):
            content[name] = [dataclasses.asdict(s) for s in content[name]]
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str | bytes) -> "JobResult":
        """Return the result that `to_json` wrote."""
        content = json.loads(text)
        for name in ("training", "held_out"):
            content[name] = [Shard(**shard) for shard in content[name]]
        return cls(**content)


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
    def counted(self) -> np.ndarray:
        """How often each id came among those that are counted already."""
        return self._counts

    @property
    def counts(self) -> np.ndarray:
        """How often each id came, int64 `(V,)`."""
        self._count()
        return self._counts

    def _count(self) -> None:
        ids = id_strings.to_array("".join(self._waiting))
        self._counts += np.bincount(ids, minlength=len(self._counts))
        self._waiting.clear()


def result_file(number: int) -> str:
    """Return the name of the file with a job's result."""
    return f"job-{number}.json"


def token_counts_file(number: int) -> str:
    """Return the name of the file with a job's token counts."""
    return f"job-{number}-tokens.npy"


def save(
    result: JobResult, token_counts: np.ndarray, folder: Folder, number: int
) -> None:
    """Write a job's files; those with its examples are in the folder then."""
    path = os.path.join(folder, token_counts_file(number))
    with files.writing(path) as unfinished, unfinished.open("wb") as file:
        np.save(file, token_counts, allow_pickle=False)
    files.make_durable(folder)
    files.write(os.path.join(folder, result_file(number)), result.to_json())


def load_result(folder: Folder, number: int) -> JobResult | None:
    """Return a job's result; None if it is not finished."""
    try:
        content = files.read(os.path.join(folder, result_file(number)))
    except FileNotFoundError:
        return None
    return JobResult.from_json(content)


def load_token_counts(folder: Folder, number: int) -> np.ndarray:
    """Return how often each token comes in a job's examples, int64 `(V,)`."""
    path = os.path.join(folder, token_counts_file(number))
    return np.load(io.BytesIO(files.read(path)), allow_pickle=False)
