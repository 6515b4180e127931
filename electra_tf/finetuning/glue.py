"""The sentence tasks of GLUE, in the files of its download; no TensorFlow.

Reference: Wang et al., 2018, GLUE, https://arxiv.org/abs/1804.07461
"""

import os
import typing

from absl import logging

from electra_tf.finetuning.classification import (
    Example,
    SentenceTask,
    log_counts,
    row_error,
)
from electra_tf.finetuning.task import DEV, TEST, TRAIN, DataError
from electra_tf.finetuning.tsv import Row, read_rows

DEBUG_ROWS = 100  # Rows of a file to read in debug mode, as the original.


class Columns(typing.NamedTuple):
    """Where a file has what, counted from 0, or from the end by -1, -2, ...

    Attributes:
        text: int.
        pair: int, or None for single sentences.
        label: int, or None for files without labels.
        header: bool, whether the first line is one.
    """

    text: int
    pair: int | None
    label: int | None
    header: bool = True


class GlueFiles(typing.NamedTuple):
    """A task of GLUE.

    Attributes:
        labels: tuple of str, or None for a regression.
        metrics: tuple of str, rows of `metrics.METRICS`.
        labelled: `Columns` of the training and development sets.
        test: `Columns` of the test sets.
        dev_file: str, name of the development set's file.
        test_splits: tuple of str, which are the names of their files too.
        unordered: bool, whether the order of a pair means nothing; such
            training pairs are taken in both orders.
    """

    labels: tuple[str, ...] | None
    metrics: tuple[str, ...]
    labelled: Columns
    test: Columns
    dev_file: str = DEV
    test_splits: tuple[str, ...] = (TEST,)
    unordered: bool = False


_NO_YES = ("0", "1")
_ENTAILMENT = ("entailment", "not_entailment")
# Besides its test sets MNLI has GLUE's diagnostic set, of other columns.
DIAGNOSTIC, DIAGNOSTIC_COLUMNS = "diagnostic", Columns(1, 2, None)

GLUE = {
    "cola": GlueFiles(
        labels=_NO_YES,
        metrics=("mcc",),
        labelled=Columns(3, None, 1, header=False),
        test=Columns(1, None, None),
    ),
    "sst": GlueFiles(
        labels=_NO_YES,
        metrics=("accuracy",),
        labelled=Columns(0, None, 1),
        test=Columns(1, None, None),
    ),
    "mrpc": GlueFiles(
        labels=_NO_YES,
        metrics=("accuracy",),
        labelled=Columns(3, 4, 0),
        test=Columns(3, 4, None),
        unordered=True,
    ),
    "sts": GlueFiles(
        labels=None,
        metrics=("correlations",),
        labelled=Columns(-3, -2, -1),
        test=Columns(-2, -1, None),
        unordered=True,
    ),
    "qqp": GlueFiles(
        labels=_NO_YES,
        metrics=("accuracy",),
        labelled=Columns(3, 4, 5),
        test=Columns(1, 2, None),
    ),
    "mnli": GlueFiles(
        labels=("contradiction", "entailment", "neutral"),
        metrics=("accuracy",),
        labelled=Columns(8, 9, -1),
        test=Columns(8, 9, None),
        dev_file="dev_matched",
        test_splits=("test_matched", "test_mismatched", DIAGNOSTIC),
    ),
    "qnli": GlueFiles(
        labels=_ENTAILMENT,
        metrics=("accuracy",),
        labelled=Columns(1, 2, -1),
        test=Columns(1, 2, None),
    ),
    "rte": GlueFiles(
        labels=_ENTAILMENT,
        metrics=("accuracy",),
        labelled=Columns(1, 2, -1),
        test=Columns(1, 2, None),
    ),
}


class GlueTask(SentenceTask):
    """A task of the table `GLUE`.

    A row with too few columns is left out, with a warning, as the original
    does; its number is not given to another row.
    """

    def __init__(self, name: str, config):
        super().__init__(name, config)
        self.files = GLUE[name]
        self.labels = self.files.labels
        self.metric_names = self.files.metrics
        self.test_splits = self.files.test_splits

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        path, rows = self._rows(split)
        columns = self._columns(split)
        examples = self._read(path, rows[columns.header :], columns)
        if self.files.unordered and split == TRAIN:
            examples += self._swapped(examples)
        log_counts(self, split, examples)
        return examples

    def _rows(self, split: str) -> tuple[str, list[Row]]:
        folder = self.config.raw_data_dir.format(self.name)
        stem = self.files.dev_file if split == DEV else split
        path = os.path.join(folder, f"{stem}.tsv")
        try:
            rows = read_rows(path, DEBUG_ROWS if self.config.debug else None)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{error} Expected the {split} file of GLUE's "
                f"{self.name} there; put the files of https://gluebenchmark."
                f"com/tasks into {folder}, or set raw_data_dir."
            ) from None
        return path, rows

    def _columns(self, split: str) -> Columns:
        if split == DIAGNOSTIC:
            return DIAGNOSTIC_COLUMNS
        labelled = split in (TRAIN, DEV)
        return self.files.labelled if labelled else self.files.test

    def _read(self, path, rows: list[Row], columns: Columns) -> list[Example]:
        examples, short = [], []
        for row in rows:
            try:
                examples.append(self._example(row, columns))
            except IndexError:
                short.append(row)
            except ValueError as error:
                raise row_error(path, row, str(error)) from None
        if short:
            logging.warning(
                "%s: left out %d rows with too few columns; the first is row "
                "%d: %s",
                path,
                len(short),
                short[0].number,
                short[0].cells,
            )
        if not examples:
            raise DataError(f"{path} holds no example.")
        return examples

    def _example(self, row: Row, columns: Columns) -> Example:
        cells = row.cells
        return Example(
            eid=row.number - 1 - columns.header,
            text=cells[columns.text],
            text_pair=None if columns.pair is None else cells[columns.pair],
            label=0
            if columns.label is None
            else self.parse_label(cells[columns.label]),
        )

    def _swapped(self, examples: list[Example]) -> list[Example]:
        """Pairs in the other order, numbered on from those there are."""
        if not self.config.double_unordered:
            return []
        return [
            e._replace(
                eid=e.eid + len(examples), text=e.text_pair, text_pair=e.text
            )
            for e in examples
        ]
