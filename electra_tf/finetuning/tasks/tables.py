"""Rows whose columns have names: a user's TSV, CSV or JSON lines.

No TensorFlow.
"""

import json
import typing

from electra_tf.configs import hparams
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import json_lines, read_rows, shown

JSON_EXTENSIONS = (".jsonl", ".ndjson", ".json")


class Record(typing.NamedTuple):
    """A row: its place, and its values by column, text in a TSV or CSV."""

    where: str
    values: dict

    def error(self, problem: str) -> DataError:
        """Return the error for a row that cannot be used."""
        return DataError(f"{self.where}: {problem}. Read: {shown(self.values)}")

    def parsed(self, parse, value):
        """Return what `parse` makes of a value; its UserError is located."""
        try:
            return parse(value)
        except UserError as error:
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
    """Rows with named columns; `name` is that of the file."""

    name: str
    columns: list[str]
    records: list[Record]

    def check_column(self, setting: str, column: str) -> None:
        """Raise `DataError` if there is no column that a setting names."""
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
        values = dict(zip(columns, row.cells, strict=True))
        records.append(Record(where, values))
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
