"""Rows of data with named values, and what is done with bad ones.

No TensorFlow.
"""

import collections
import re
import typing
from collections.abc import Callable, Iterable

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.task import DataError, say
from electra_tf.finetuning.tasks.text_files import shown

HINT = "--skip_bad_rows leaves such rows out."
MOST_REASONS, MOST_PLACES = 10, 3  # In the line about what is left out.


class RowError(DataError):
    """A row that cannot be used: where it is, and why."""

    def __init__(self, where: str, problem: str):
        super().__init__(f"{where}: {problem}")
        self.where = where
        # Without what was read: rows are counted by it.
        self.reason = re.split(r"\. Read: |[;:] received ", problem)[0]


class Record(typing.NamedTuple):
    """A row: its place, and its values by column, or its cells in order.

    Where it could not be read `problem` says why; `line` is the number of its
    (last) line, where it has one.
    """

    where: str
    values: dict | list
    problem: str = ""
    line: int = 0

    def error(self, problem: str) -> RowError:
        """Return the error for a row that cannot be used."""
        return RowError(self.where, f"{problem}. Read: {shown(self.values)}")

    def parsed(self, parse: Callable, value):
        """Return what `parse` makes of a value; its UserError is located."""
        try:
            return parse(value)
        except DataError:
            raise
        except UserError as error:
            raise self.error(str(error)) from None


def kept(
    records: Iterable[Record],
    make: Callable[[int, Record], typing.Any],
    skip: bool,
    name: str,
    tell: Callable[[str], None] = say,
) -> list:
    """Return what `make` makes of the number of each record and the record.

    Args:
        records: the rows of a file.
        make: function that raises `RowError` for a row that cannot be used.
        skip: whether such rows are left out, and counted, or else raised.
        name: what to call the file.
        tell: function that is told what was left out.

    Raises:
        DataError: for a bad row, or when all are.
    """
    found, bad = [], []
    for number, record in enumerate(records):
        try:
            found.append(make(number, record))
        except RowError as error:
            if not skip:
                if HINT not in str(error):  # Of rows that are read for others.
                    error.args = (f"{error}. {HINT}",)
                raise
            bad.append(error)
    if bad:
        told = described(name, bad, len(found))
        if not found:
            raise DataError(f"{told} None is left.")
        tell(told)
    return found


def described(name: str, bad: list[RowError], good: int) -> str:
    """Say how many rows are left out, for which reasons, and where first."""
    places = collections.defaultdict(list)
    for error in bad:
        places[error.reason].append(error.where.removeprefix(f"{name}, "))
    often = sorted(places, key=lambda reason: -len(places[reason]))
    parts = [
        f"{len(places[reason])} with {reason} "
        f"({'; '.join(places[reason][:MOST_PLACES])}"
        f"{'; ...' if len(places[reason]) > MOST_PLACES else ''})"
        for reason in often[:MOST_REASONS]
    ]
    if len(often) > MOST_REASONS:
        parts.append(f"others for {len(often) - MOST_REASONS} other reasons")
    return (
        f"{name}: {len(bad)} of {len(bad) + good} rows are left out: "
        f"{', '.join(parts)}."
    )
