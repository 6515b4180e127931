"""Rows of texts from lines, CSV, TSV or JSON lines, one at a time.

No TensorFlow.
"""

import csv
import json
import typing
from collections.abc import Callable, Iterable, Iterator

from electra_tf.errors import UserError

# What bytes that are no UTF-8 become when a file is opened with this.
DECODING = "surrogateescape"

# The first row of a CSV file may be long, but a quotation mark that is never
# closed must not swallow the file.
MAX_CELL = 10_000_000


class TextRow(typing.NamedTuple):
    """A row of the input.

    Attributes:
        line: int, number of its (last) line, from 1.
        values: dict from field to value; empty where there is a problem.
        problem: str, why it cannot be read; "" if it can.
    """

    line: int
    values: dict
    problem: str = ""


def lines(source: Iterable[str], names: tuple[str, ...]) -> Iterator[TextRow]:
    """Give a row a line; a tab parts the first text from the second.

    >>> [row.values for row in lines(["a b\\n", "c\\td\\n"], ("text", "pair"))]
    [{'text': 'a b'}, {'text': 'c', 'pair': 'd'}]
    """
    for number, line in enumerate(source, 1):
        parts = line.rstrip("\r\n").split("\t", len(names) - 1)
        values = dict(zip(names, parts, strict=False))
        yield TextRow(number, values)


def json_lines(
    source: Iterable[str], names: tuple[str, ...]
) -> Iterator[TextRow]:
    """Give a row a line that holds a JSON object, or a text."""
    for number, line in enumerate(source, 1):
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield TextRow(number, {}, f"no JSON: {error}")
            continue
        if isinstance(values, str):
            values = {names[0]: values}
        if isinstance(values, dict):
            yield TextRow(number, values)
        else:
            yield TextRow(
                number, {}, f"expected a JSON object, received {line.strip()}"
            )


def table(
    source: Iterable[str], names: tuple[str, ...], **dialect
) -> Iterator[TextRow]:
    """Give the rows below the one that names the columns.

    Raises:
        ValueError: when there is no such row, or it lacks a column.
    """
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(source, **dialect)
    header = next(reader, [])
    if names[0] not in header:
        raise UserError(
            f"The first row must name the columns, {names[0]!r} among them. "
            f"Received: {header}. Name another column by --{names[0]}_column, "
            "or the format by --format."
        )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield TextRow(reader.line_num, {}, str(error))
            continue
        if len(cells) == len(header):
            values = dict(zip(header, cells, strict=True))
            yield TextRow(reader.line_num, values)
        else:
            problem = f"expected {len(header)} columns, received {len(cells)}"
            yield TextRow(reader.line_num, {}, problem)


FORMATS: dict[str, Callable[..., Iterator[TextRow]]] = {
    "lines": lines,
    "csv": table,
    "tsv": lambda source, names: table(
        source, names, delimiter="\t", quoting=csv.QUOTE_NONE
    ),
    "jsonl": json_lines,
}
# By the end of a file's name; others are lines.
EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
}


def checked(row: TextRow) -> TextRow:
    """Return the row; with a problem where it holds no proper text."""
    try:
        json.dumps(row.values, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return TextRow(row.line, {}, "not UTF-8 text")
    return row
