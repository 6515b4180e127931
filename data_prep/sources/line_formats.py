"""Plain files of lines: text, JSON lines, and what WikiExtractor writes.

A large file is split where a document ends; a compressed one stays whole.

Source: https://github.com/attardi/wikiextractor, whose articles stand between
`<doc ...>` and `</doc>`; the first line of an article is its title.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator

from data_prep.dataset_config import CorpusConfig
from data_prep.sources import compression
from data_prep.sources.lines import lines_of, numbered_lines, split_documents
from data_prep.sources.unit import Reading, SourceFile, Unit, whole
from electra_tf.errors import UserError
from electra_tf.io import files
from electra_tf.io.json_text import unique_keys

BYTES_PER_SEARCH = 1 << 16
START, END = "<doc ", "</doc>"
# What ends where text may follow, unless a value has quotation marks in it.
_START = re.compile(r'<doc(\s+[\w:-]+=("[^"]*"|[^\s">]+))*\s*>')

# Separators begin with a line feed, and else have none but their last byte.
BLANK_LINE = re.compile(rb"\n[ \t\r]*\n")
LINE_END = re.compile(rb"\n")
END_OF_ARTICLE = re.compile(rb"\n</doc>[ \t\r]*\n")


def split(
    file: SourceFile, target: int, separator: re.Pattern[bytes]
) -> list[Unit]:
    """Split a file after separators, into units of `target` bytes or more."""
    if file.bytes < 2 * target or compression.split_suffix(file.path)[1]:
        return [whole(file)]
    cuts = [0]
    with files.open_stream(file.path) as stream:
        while cuts[-1] + 2 * target <= file.bytes:
            cut = _end_of_next(stream, cuts[-1] + target, separator)
            if cut is None or cut >= file.bytes:
                break
            cuts.append(cut)
    return [
        Unit(file.format, file.path, start, end, end - start, len(cuts))
        for start, end in itertools.pairwise([*cuts, file.bytes])
    ]


def cut_after(separator: re.Pattern[bytes]) -> Callable[..., list[Unit]]:
    """Return the function that splits files after some separators."""
    return lambda file, target, config: split(file, target, separator)


def _end_of_next(stream, start: int, separator) -> int | None:
    """Return where the next separator from `start` on ends."""
    stream.seek(start)
    offset, content = start, b""
    while more := stream.read(BYTES_PER_SEARCH):
        content += more
        found = separator.search(content)
        if found is not None:
            return offset + found.end()
        # A separator may go on in what is read next.
        _, line_feed, tail = content.rpartition(b"\n")
        kept = line_feed + tail if line_feed else b""
        offset += len(content) - len(kept)
        content = kept
    return None


def cut_text(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return the units of a file; see `formats.Format`."""
    if not config.blank_lines_separate_documents:
        return [whole(file)]
    return split(file, target, BLANK_LINE)


def text_documents(unit: Unit, reading: Reading) -> Iterator[Iterator[str]]:
    """Yield documents between blank lines, or one a file."""
    return split_documents(
        lines_of(unit, reading), reading.config.blank_lines_separate_documents
    )


def json_documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield a document for each JSON line, one field of which is the text."""
    field = reading.config.text_field
    for offset, line in lines_of(unit, reading, numbered_lines):
        line = line.strip()
        if not line:
            continue
        place = f"{unit.path}, byte {offset}"
        try:
            text = _field(line, field)
        except (ValueError, RecursionError) as error:
            reading.reject(place, str(error))
        else:
            if not text.isascii():
                try:
                    text.encode()
                except UnicodeEncodeError:
                    reading.issues.add("undecodable_lines", place)
            yield from reading.record(text, place)


def _field(line: str, field: str) -> str:
    try:
        record = json.loads(line, object_pairs_hook=unique_keys)
    except json.JSONDecodeError as error:
        raise UserError(
            f"this line is no JSON ({error.msg}, column {error.colno})."
            f" Received: {line[:40]!r}."
        ) from None
    except UserError as error:
        raise UserError(f"{error}. Received: {line[:40]!r}.") from None
    if not isinstance(record, dict):
        raise UserError(f"expected a JSON object. Received: {line[:40]!r}.")
    if field not in record:
        raise UserError(
            f"this object has no field {field!r}, but"
            f" {', '.join(map(repr, record)) or 'none'}. --text_field names"
            " the one with the text."
        )
    if not isinstance(record[field], str):
        raise UserError(
            f"expected a string as {field!r}. Received:"
            f" {str(record[field])[:40]!r}."
        )
    return record[field]


def wikipedia_documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield the articles of WikiExtractor."""
    article: list[str] | None = None
    place = unit.path
    for offset, line in lines_of(unit, reading, numbered_lines):
        line = line.strip()
        if line.startswith(START) and ">" in line:
            if article is not None:
                reading.reject(place, f"no {END} ends this article.")
            article, place = (
                [_text_after_start(line)],
                f"{unit.path}, byte {offset}",
            )
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


def _text_after_start(line: str) -> str:
    """Return what follows `<doc ...>` on its line.

    >>> _text_after_start('<doc id="1" title="A > B">')
    ''
    >>> _text_after_start('<doc id="1">A text')
    'A text'
    """
    if found := _START.match(line):
        return line[found.end() :]
    # A title stands there without escapes.
    return "" if line.endswith('">') else line.partition(">")[2]
