"""Leaves out the duplicate documents and lines of a job."""

import array
import os
from collections.abc import Iterable, Iterator

from electra_tf.io import files

DOCUMENTS, LINES, NEAR = "documents", "lines", "near"
# Unsigned, 8 bytes each.
NUMBERS = "Q"


class Dropped:
    """Says of things, one after another, whether they are to be left out.

    Args:
        numbers: Which ones, from 0, ascending.

    Attributes:
        place: How many it has been asked about.

    >>> dropped = Dropped([1, 3])
    >>> [dropped() for _ in range(5)]
    [False, True, False, True, False]
    >>> dropped.place
    5
    """

    def __init__(self, numbers: Iterable[int] = ()):
        self._numbers = iter(numbers)
        self._next = next(self._numbers, -1)
        self.place = 0

    def __call__(self) -> bool:
        """Return whether to leave out the next one."""
        drop = self.place == self._next
        self.place += 1
        if drop:
            self._next = next(self._numbers, -1)
        return drop


class DedupFilter:
    """Takes documents, and leaves out some of them and of their lines.

    Attributes:
        documents: Says which documents are left out.
        lines: Says which lines are, of the documents that are not; None if
            all stay.
    """

    def __init__(self, documents: Dropped, lines: Dropped | None = None):
        self.documents = documents
        self.lines = lines

    def __call__(
        self, documents: Iterable[Iterable[str]]
    ) -> Iterator[Iterable[str]]:
        """Yield the lines that are left of each document that is."""
        for document in documents:
            if self.documents():
                for _ in document:  # Or the next one would begin with it.
                    pass
            elif self.lines is None:
                yield document
            else:
                yield (line for line in document if not self.lines())


def filter_of(job) -> DedupFilter:
    """Return the filter of a job's documents and lines."""
    lines = load_numbers(job, LINES)
    return DedupFilter(
        dropped_documents(job), Dropped(lines) if lines else None
    )


def dropped_documents(job) -> Dropped:
    """Return which documents of a job are left out."""
    equal, near = load_numbers(job, DOCUMENTS), load_numbers(job, NEAR)
    return Dropped(sorted([*equal, *near]))


def counts_of(job) -> dict[str, int]:
    """Return how much of a job is left out, by name."""
    return {
        "duplicate_documents": len(load_numbers(job, DOCUMENTS)),
        "near_duplicate_documents": len(load_numbers(job, NEAR)),
        "duplicate_lines": len(load_numbers(job, LINES)),
    }


def numbers_file(job, kind: str) -> str:
    """Return the file that says what is left out of a job."""
    return os.path.join(job.folder, f"dropped-{kind}-{job.number}")


def save_numbers(job, kind: str, numbers: Iterable[int]) -> None:
    """Write which documents or lines are left out of a job."""
    content = array.array(NUMBERS, numbers).tobytes()
    files.write(numbers_file(job, kind), content)


def load_numbers(job, kind: str) -> array.array:
    """Return what `save_numbers` wrote; nothing if it wrote nothing."""
    numbers = array.array(NUMBERS)
    path = numbers_file(job, kind)
    if files.exists(path):
        numbers.frombytes(files.read(path))
    return numbers
