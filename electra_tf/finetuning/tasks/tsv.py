"""Reading tables of text: GLUE's files, and a user's own TSV or CSV."""

import csv
import io
import sys
import typing

from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import read_text, shown


class Row(typing.NamedTuple):
    """One row of a file.

    Attributes:
        number: int, its number in the file, from 1, the header included.
        cells: list of str.
    """

    number: int
    cells: list[str]


def read_rows(path: str, most: int | None = None) -> list[Row]:
    """Read a table; fields of a `.csv` may be quoted, those of others not.

    Other files are tab-separated, and a quotation mark in them is a character
    like any other, as in GLUE. A byte-order mark is dropped.

    Args:
        path: str.
        most: int, how many rows to read; None for all.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it is empty or no text in UTF-8.
    """
    rows = _parse(read_text(path), path, most)
    if not rows:
        raise DataError(f"{path} is empty.")
    return rows


def _parse(text: str, path: str, most: int | None) -> list[Row]:
    cells = _csv_rows if path.endswith(".csv") else _tsv_rows
    rows = []
    for number, row in enumerate(cells(text, path), 1):
        if most is not None and number > most:
            break
        if row not in ([], [""]):
            rows.append(Row(number, row))
    return rows


def _tsv_rows(text: str, path: str):
    for line in io.StringIO(text, newline="\n"):
        yield line.rstrip("\r\n").split("\t")


def _csv_rows(text: str, path: str):
    # Otherwise csv refuses fields of more than 128 KiB.
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number, line = 0, 0
    try:
        for row in reader:
            yield row
            number, line = number + 1, reader.line_num
    except csv.Error as error:
        read = text.splitlines()[line]
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
