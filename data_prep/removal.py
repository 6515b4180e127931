"""What is left out of a job's text: which documents and lines, by number."""

import array
import pathlib
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


class Kept:
    """What is left of documents when some of them and of their lines go.

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


def save_numbers(path: pathlib.Path, numbers: Iterable[int]) -> None:
    """Write numbers to a file."""
    unfinished = files.unfinished(path)
    unfinished.write_bytes(array.array(NUMBERS, numbers).tobytes())
    files.finish(path)


def load_numbers(path: pathlib.Path) -> array.array:
    """Read what `save_numbers` wrote; nothing if there is no such file."""
    numbers = array.array(NUMBERS)
    if path.exists():
        numbers.frombytes(path.read_bytes())
    return numbers


def kept_of(job) -> Kept:
    """Return what is left of a job's documents and lines."""
    lines = load_numbers(path_of(job, LINES))
    return Kept(documents_of(job), Dropped(lines) if lines else None)


def counts_of(job) -> dict[str, int]:
    """Return how much of a job is left out, by name."""
    numbers = {
        kind: len(load_numbers(path_of(job, kind)))
        for kind in (DOCUMENTS, NEAR, LINES)
    }
    return {
        "duplicate_documents": numbers[DOCUMENTS],
        "near_duplicate_documents": numbers[NEAR],
        "duplicate_lines": numbers[LINES],
    }


def documents_of(job) -> Dropped:
    """Return which documents of a job are left out."""
    equal = load_numbers(path_of(job, DOCUMENTS))
    near = load_numbers(path_of(job, NEAR))
    return Dropped(sorted([*equal, *near]))


def path_of(job, kind: str) -> pathlib.Path:
    """Return the file that says what is left out of a job."""
    return pathlib.Path(job.folder, f"dropped-{kind}-{job.number}")
