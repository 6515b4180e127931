"""Reading people's text files; mistakes are located. No TensorFlow.

Text in UTF-8, JSON lines, and tables (GLUE's files, a user's TSV or CSV).

All raise FileNotFoundError when there is no such file, and `DataError` when it
cannot be used.
"""

import codecs
import csv
import io
import json
import sys
import typing
from collections.abc import Iterator

from electra_tf.finetuning.tasks.task import DataError
from electra_tf.io import files

MOST_SHOWN = 300  # Characters of a row, in a message.


def read_text(path: str, expected: str = "") -> str:
    """Return the text of a file in UTF-8, without a byte-order mark.

    `expected` is a sentence for the message about a missing file.
    """
    try:
        content = files.read(path)
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(
            f"No data file at {path}. {expected}".strip()
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # What it decodes lacks the byte-order mark.
        raise _encoding_error(path, error.object, error.start) from None


def _encoding_error(path: str, content: bytes, place: int) -> DataError:
    line = content[:place].count(b"\n") + 1
    begin = content.rfind(b"\n", 0, place) + 1
    read = content[begin:].partition(b"\n")[0][:MOST_SHOWN]
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    encoding = "UTF-16" if content.startswith(marks) else "LATIN1"
    return DataError(
        f"{path}, line {line}: not UTF-8 text, at byte "
        f"{content[place]:#04x}. Read: {read!r}. Save the file as UTF-8; if it "
        f"is {encoding}: iconv -f {encoding} -t UTF-8"
    )


def parse_json(where: str, text: str):
    """Return the value of a JSON text; its strings are Unicode text."""
    try:
        value = json.loads(text)
        if "\\u" in text:  # It may hold half of a pair of surrogates.
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        problem = f"holds {error.object[error.start]!r}, which is no character"
    except (ValueError, RecursionError) as error:
        problem = f"is no JSON: {error}"
    else:
        return value
    raise DataError(f"{where} {problem}. Read: {shown(text)}")


def json_lines(path: str) -> Iterator[tuple[str, typing.Any]]:
    """Yield the place and the value of each line that is not empty."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if line.strip():
            where = f"{path}, line {number}"
            yield where, parse_json(where, line)


def shown(value) -> str:
    """Return a value for a message, cut if it is long.

    >>> shown(["a", "b"])
    "['a', 'b']"
    """
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


class Row(typing.NamedTuple):
    """One row of a table; `number` counts from 1, the header included."""

    number: int
    cells: list[str]


def read_rows(path: str, most: int | None = None) -> list[Row]:
    """Read a table; fields of a `.csv` may be quoted, those of others not.

    Other files are tab-separated, and a quotation mark in them is a character
    like any other, as in GLUE. At most `most` rows are read.
    """
    cells = _csv_rows if path.endswith(".csv") else _tsv_rows
    rows = []
    for number, row in enumerate(cells(read_text(path), path), 1):
        if most is not None and number > most:
            break
        if row not in ([], [""]):
            rows.append(Row(number, row))
    if not rows:
        raise DataError(f"{path} is empty.")
    return rows


def _tsv_rows(text: str, path: str) -> Iterator[list[str]]:
    for line in io.StringIO(text, newline="\n"):
        yield line.rstrip("\r\n").split("\t")


def _csv_rows(text: str, path: str) -> Iterator[list[str]]:
    # Otherwise csv refuses fields of more than 128 KiB.
    csv.field_size_limit(sys.maxsize)
    lines = [*io.StringIO(text, newline="")]
    reader = csv.reader(lines, strict=True)
    number, line = 0, 0
    try:
        for row in reader:
            yield row
            number, line = number + 1, reader.line_num
    except csv.Error as error:
        read = lines[line].rstrip("\r\n")
        raise DataError(
            f"{path}, row {number + 1}, from line {line + 1}: no valid CSV: "
            f"{error}. Read: {shown(read)}. Is a quotation mark without its "
            "pair? In a field they are written twice."
        ) from None


def row_error(path: str, row: Row, problem: str) -> DataError:
    """Return the error for a row that cannot be used."""
    return DataError(
        f"{path}, row {row.number}: {problem}. Read: {shown(row.cells)}"
    )
