"""The documents of a job, one after another."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from data_prep import sentence_ends
from data_prep.sources import formats
from data_prep.sources.findings import Findings
from data_prep.sources.unit import Reading, Unit


def documents_of(
    units: Sequence[Unit],
    config,
    findings: Findings,
    on_read: Callable[[int], None],
) -> Iterator[Iterable[str]]:
    """Yield the documents of some units, each as its lines or sentences.

    Args:
        units: What to read.
        config: `PretrainingDatasetConfig`.
        findings: Where to count what is wrong with the text.
        on_read: Called with numbers of bytes that add up to the units'.
    """
    left = 0

    def on_some_read(size: int) -> None:
        nonlocal left
        # Files are read in blocks, and those of Parquet partly twice.
        size = min(size, left)
        left -= size
        on_read(size)

    reading = Reading(config, findings, on_some_read)
    for unit in units:
        left = unit.bytes
        for lines in formats.documents(unit, reading):
            if config.split_sentences is not None:
                lines = sentence_ends.of_lines(lines, config.split_sentences)
            yield lines
        on_some_read(left)
