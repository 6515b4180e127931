"""Classification of a user's own texts, from TSV or CSV files.

The first row of a file names its columns. Labels are those of the training
file, sorted.
"""

import functools

from electra_tf import hparams
from electra_tf.finetuning.classification import (
    Example,
    SentenceTask,
    log_counts,
    row_error,
)
from electra_tf.finetuning.task import DEV, TEST, TRAIN, DataError
from electra_tf.finetuning.tsv import Row, read_rows


class OwnClassification(SentenceTask):
    """The task of `train_file`, `dev_file` and `test_file`."""

    metric_names = ("accuracy", "macro_f1", "mcc")

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels of the training file, sorted."""
        table = _Table(self.config.train_file)
        column = table.column(self.config, "label_column")
        labels = {table.cell(row, column) for row in table.rows}
        if len(labels) < 2:
            raise DataError(
                f"{table.path} must have at least two labels in column "
                f"{self.config.label_column!r}. Read: {sorted(labels)}"
            )
        return tuple(sorted(labels))

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        files = {
            TRAIN: self.config.train_file,
            DEV: self.config.dev_file,
            TEST: self.config.test_file,
        }
        table = _Table(files[split])
        text = table.column(self.config, "text_column")
        pair = table.column(self.config, "text_pair_column")
        label = (
            None if split == TEST else table.column(self.config, "label_column")
        )
        examples = [
            Example(
                eid=number,
                text=table.cell(row, text),
                text_pair=None if pair is None else table.cell(row, pair),
                label=0 if label is None else self._label(table, row, label),
            )
            for number, row in enumerate(table.rows)
        ]
        log_counts(self, split, examples)
        return examples

    def _label(self, table: "_Table", row: Row, column: int) -> int:
        label, known = table.cell(row, column), self.labels
        if label not in known:
            problem = (
                f"unknown label {label!r}; the labels of "
                f"{self.config.train_file} are {', '.join(map(repr, known))}"
            )
            raise row_error(table.path, row, problem)
        return known.index(label)


class _Table:
    """A file whose first row names the columns."""

    def __init__(self, path: str):
        self.path = path
        self.header, *self.rows = read_rows(path)
        if not self.rows:
            raise DataError(
                f"{path} holds no example, only the row {self.header.cells}."
            )

    def column(self, config, setting: str) -> int | None:
        """Return where the column is that a setting names, if it does."""
        name, names = getattr(config, setting), self.header.cells
        if name is None:
            return None
        if name not in names:
            raise DataError(
                f"{self.path} has no column {name!r}."
                f"{hparams.suggestion(name, names)} Its first row is {names}; "
                f"set {setting} to one of these."
            )
        return names.index(name)

    def cell(self, row: Row, column: int) -> str:
        """Return a cell, which must not be empty."""
        names, received = self.header.cells, len(row.cells)
        if received != len(names):
            problem = f"expected {len(names)} columns, received {received}"
            raise row_error(self.path, row, problem)
        if not row.cells[column].strip():
            problem = f"nothing in column {names[column]!r}"
            raise row_error(self.path, row, problem)
        return row.cells[column]
