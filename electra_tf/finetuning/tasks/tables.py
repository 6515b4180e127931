"""Rows whose columns have names: a user's TSV, CSV or JSON lines.

No TensorFlow.
"""

import json
import typing

from electra_tf.configs import hparams
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import json_lines, read_rows, shown

JSON_EXTENSIONS = (".jsonl", ".ndjson", ".json")


class Record(typing.NamedTuple):
    """A row.

    Attributes:
        where: str, file and row.
        values: dict from column to value; text in a TSV or CSV.
    """

    where: str
    values: dict

    def error(self, problem: str) -> DataError:
        """Return the error for a row that cannot be used."""
        return DataError(f"{self.where}: {problem}. Read: {shown(self.values)}")

    def parsed(self, parse, value):
        """Return what `parse` makes of a value of this row.

        Raises:
            DataError: with the message of its ValueError.
        """
        try:
            return parse(value)
        except ValueError as error:
            raise self.error(str(error)) from None

    def value(self, column: str):
        """Return a value, which must be there and not be empty text."""
        value = self.values.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise self.error(f"nothing in column {column!r}")
        return value

    def text(self, column: str) -> str:
        """Return a value as text; numbers and true and false as in JSON."""
        value = self.value(column)
        if isinstance(value, str):
            return value
        if isinstance(value, list | dict):
            raise self.error(f"column {column!r} must hold text")
        return json.dumps(value)


class Table(typing.NamedTuple):
    """Rows with named columns.

    Attributes:
        name: str, the file.
        columns: list of str.
        records: list of `Record`.
    """

    name: str
    columns: list[str]
    records: list[Record]

    def check_column(self, setting: str, column: str) -> None:
        """Check that there is the column that a setting names.

        Raises:
            DataError: when there is not.
        """
        if column not in self.columns:
            raise DataError(
                f"{self.name} has no column {column!r}."
                f"{hparams.suggestion(column, self.columns)} Its columns are "
                f"{self.columns}; set {setting} to one of these."
            )


def read_table(path: str) -> Table:
    """Read a file by its extension: JSON lines, CSV, or else TSV.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when a row is not as expected, or there is none.
    """
    is_json = path.endswith(JSON_EXTENSIONS)
    table = (_json_table if is_json else _cell_table)(path)
    if not table.records:
        raise DataError(
            f"{path} holds no example, only the row {table.columns}."
        )
    return table


def _cell_table(path: str) -> Table:
    header, *rows = read_rows(path)
    columns = header.cells
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(
            f"{path}, row {header.number}: the columns {twice} come twice; "
            f"give each a name of its own. Read: {shown(columns)}"
        )
    records = []
    for row in rows:
        where = f"{path}, row {row.number}"
        if len(row.cells) != len(columns):
            raise DataError(
                f"{where}: expected {len(columns)} columns, received "
                f"{len(row.cells)}. Read: {shown(row.cells)}"
            )
        records.append(
            Record(where, dict(zip(columns, row.cells, strict=True)))
        )
    return Table(path, columns, records)


def _json_table(path: str) -> Table:
    records, columns = [], {}
    for where, values in json_lines(path):
        if not isinstance(values, dict):
            raise DataError(
                f"{where}: expected a JSON object, one a line. Read: "
                f"{shown(values)}"
            )
        records.append(Record(where, values))
        columns |= dict.fromkeys(values)
    if not records:
        raise DataError(f"{path} is empty.")
    return Table(path, [*columns], records)
