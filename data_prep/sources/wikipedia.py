"""What WikiExtractor writes: an article between `<doc ...>` and `</doc>`.

The first line of an article is its title. Source:
https://github.com/attardi/wikiextractor
"""

import re
from collections.abc import Iterator

from data_prep.sources import splitting
from data_prep.sources.config import CorpusConfig
from data_prep.sources.lines import lines_of, numbered_lines
from data_prep.sources.unit import Reading, SourceFile, Unit

START, END = "<doc ", "</doc>"

_END_LINE = re.compile(rb"\n</doc>[ \t\r]*\n")


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return the units of a file; see `formats.Format`."""
    del config
    return splitting.split(file, target, _END_LINE)


def documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    article: list[str] | None = None
    place = unit.path
    for offset, line in lines_of(unit, reading, numbered_lines):
        line = line.strip()
        if line.startswith(START):
            if article is not None:
                reading.reject(place, f"no {END} ends this article.")
            article, place = [], f"{unit.path}, byte {offset}"
        elif line == END and article is not None:
            yield from reading.record("\n".join(article), place)
            article = None
        elif article is not None:
            article.append(line)
        elif line:
            reading.reject(
                f"{unit.path}, byte {offset}",
                f"this line is in no {START}...> block: {line[:40]!r}.",
            )
    if article is not None:
        reading.reject(place, f"no {END} ends this article.")
