"""Reading tables of text: GLUE's files, and a user's own TSV or CSV."""

import csv
import sys
import typing

from electra_tf.finetuning.task import DataError


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
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            rows = _parse(file, path, most)
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(f"No data file at {path}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}.") from None
    if not rows:
        raise DataError(f"{path} is empty.")
    return rows


def _parse(file, path: str, most: int | None) -> list[Row]:
    # Otherwise csv refuses fields of more than 128 KiB.
    csv.field_size_limit(sys.maxsize)
    if path.endswith(".csv"):
        cells = csv.reader(file, strict=True)
    else:
        cells = (line.rstrip("\r\n").split("\t") for line in file)
    rows = []
    try:
        for number, row in enumerate(cells, 1):
            if most is not None and number > most:
                break
            if row not in ([], [""]):
                rows.append(Row(number, row))
    except csv.Error as error:
        raise DataError(
            f"Row {len(rows) + 1} of {path} is no valid CSV: {error}."
        ) from None
    return rows
