"""Plain text: documents between blank lines, or one a file."""

from collections.abc import Iterator

from data_prep.examples import split_documents
from data_prep.sources import splitting
from data_prep.sources.config import CorpusConfig
from data_prep.sources.lines import lines_of
from data_prep.sources.unit import Reading, SourceFile, Unit, whole


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return the units of a file; see `formats.Format`."""
    if not config.blank_lines_separate_documents:
        return [whole(file)]
    return splitting.split(file, target, splitting.BLANK_LINE)


def documents(unit: Unit, reading: Reading) -> Iterator[Iterator[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    return split_documents(
        lines_of(unit, reading), reading.config.blank_lines_separate_documents
    )
