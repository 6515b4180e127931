"""The sentence tasks of GLUE; no TensorFlow."""

import os

from absl import logging

from electra_tf.finetuning import results
from electra_tf.finetuning.tasks import tfds_source
from electra_tf.finetuning.tasks.classification import Example, SentenceTask
from electra_tf.finetuning.tasks.glue_files import (
    DIAGNOSTIC,
    DIAGNOSTIC_COLUMNS,
    DIAGNOSTIC_SET,
    GLUE,
    NO_YES,
    Columns,
)
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError
from electra_tf.finetuning.tasks.tsv import Row, read_rows, row_error

DEBUG_ROWS = 100  # Rows of a file to read in debug mode, as the original.


class GlueTask(SentenceTask):
    """A task of the table `GLUE`.

    A row with too few columns is left out, with a warning, as the original
    does; its number is not given to another row.
    """

    def __init__(self, name: str, config):
        super().__init__(name, config)
        self.files = GLUE[name]
        self.targets = self.files.targets
        self.metric_names = self.files.metrics
        self.test_splits = self.files.test_splits

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        read = {"files": self._from_files, "tfds": self._from_tfds}
        examples = read[self.config.source](split)
        if self.files.unordered and split == TRAIN:
            examples += self._swapped(examples)
        self.log(split, examples)
        return examples

    def _from_tfds(self, split: str) -> list[Example]:
        found = DIAGNOSTIC_SET if split == DIAGNOSTIC else self.files.tfds
        names = {TRAIN: "train", DEV: "validation", TEST: "test"}
        table = tfds_source.read(
            found.name,
            {**names, **found.splits}[split],
            self.config.tfds_data_dir,
            # Labels "0" and "1" have names there.
            class_names=self.targets != NO_YES,
        )
        most = DEBUG_ROWS if self.config.debug else None
        return [
            Example(
                eid=record.values["idx"],
                text=record.values[found.text],
                text_pair=record.values.get(found.pair),
                label=self.targets.blank
                if split in self.test_splits
                else record.parsed(self.targets.parse, record.text("label")),
            )
            for record in table.records[:most]
        ]

    def _from_files(self, split: str) -> list[Example]:
        path, rows = self._rows(split)
        columns = self._columns(split)
        return self._read(path, rows[columns.header :], columns)

    def submission(self, split: str, outputs: dict, source) -> dict[str, str]:
        """Return the file of GLUE's site; see `Task.submission`."""
        predictions = self.predictions(outputs, source)
        return {self.files.site[split]: results.as_tsv(predictions)}

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
            label=self.targets.blank
            if columns.label is None
            else self.targets.parse(cells[columns.label]),
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
