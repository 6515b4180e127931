"""Files and units of a corpus, and what their readers share."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from data_prep.dataset_config import CorpusConfig
from data_prep.sources import compression
from data_prep.sources.data_issues import DataIssues
from electra_tf.errors import UserError

# Formats by what a name ends in; one that ends otherwise is plain text's.
BY_SUFFIX = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".tar": "tar",
}
BYTE_ORDER_MARK = "\ufeff"
NO_TEXT = (".zip", ".7z", ".rar", ".lz4", ".lzma", ".z", ".arrow", ".pdf")


class SourceFile(NamedTuple):
    """A file of the corpus."""

    format: str  # Name of a row of `formats.FORMATS`.
    path: str  # Its path.
    name: str  # The path below the corpus folder, which may move.
    bytes: int  # Its size as it is stored.


class Unit(NamedTuple):
    """Whole documents: a file, or a part of one."""

    format: str  # Name of a row of `formats.FORMATS`.
    path: str  # The file.
    start: int  # In bytes, row groups or examples, as the format has it.
    end: int  # The position after the last one.
    bytes: int  # How much of the stored file it is.
    parts: int = 1  # How many units the file has.


class Reading(NamedTuple):
    """Settings and counters that all readers of units need."""

    config: CorpusConfig  # Settings of the corpus.
    issues: DataIssues  # Where to count what is wrong with the text.
    # Called with the number of stored bytes at every read.
    on_read: Callable[[int], None] | None = None

    def open_stream(self, path: str) -> BinaryIO:
        """Open a file, compressed or not; see `compression.open_stream`."""
        return compression.open_stream(
            path, self.config.max_unpacked_gb, self.on_read
        )

    def reject(self, place: str, reason: str) -> None:
        """Leave out a document; raise UserError if that is not wanted."""
        if not self.config.skip_bad_documents:
            raise UserError(
                f"{place}: {reason} Mend it, or have such documents left out"
                " and counted with --skip_bad_documents."
            )
        self.issues.add("bad_documents", f"{place}: {reason}")

    def record(self, text: str, place: str) -> Iterator[list[str]]:
        """Yield a record's text as one document, if there is any."""
        if "\0" in text:
            self.issues.add("lines_with_nul", place)
        # As `lines` has it.
        end = "\n" if "\n" in text else "\r"
        unmarked = (s.lstrip(BYTE_ORDER_MARK) for s in text.split(end))
        if lines := [s for line in unmarked if (s := line.strip())]:
            yield lines
        else:
            self.issues.add("empty_documents", place)


def whole(file: SourceFile) -> Unit:
    """Return a file as one unit, positions being bytes."""
    return Unit(file.format, file.path, 0, file.bytes, file.bytes)


def shares(file: SourceFile, number: int, target: int) -> list[Unit]:
    """Return units of about `target` bytes, each some of `number` positions.

    >>> file = SourceFile("parquet", "a", "a", 100)
    >>> [unit[2:] for unit in shares(file, 5, 40)]
    [(0, 2, 50, 2), (2, 5, 50, 2)]
    """
    parts = max(1, min(number, file.bytes // target))
    places = [part * number // parts for part in range(parts + 1)]
    sizes = [part * file.bytes // parts for part in range(parts + 1)]
    return [
        Unit(
            file.format,
            file.path,
            *places[k : k + 2],
            sizes[k + 1] - sizes[k],
            parts,
        )
        for k in range(parts)
    ]
