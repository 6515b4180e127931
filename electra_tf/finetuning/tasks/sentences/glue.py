"""The sentence tasks of GLUE, and the files of its download; no TensorFlow.

Reference: Wang et al., 2018, GLUE, https://arxiv.org/abs/1804.07461
"""

import os
import types
import typing
from collections.abc import Mapping

from absl import logging

from electra_tf.finetuning import results
from electra_tf.finetuning.tasks import tfds_source
from electra_tf.finetuning.tasks.sentences.classification import (
    Example,
    SentenceTask,
)
from electra_tf.finetuning.tasks.sentences.targets import Labels, Rating
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError
from electra_tf.finetuning.tasks.text_files import Row, read_rows, row_error

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


class TfdsSet(typing.NamedTuple):
    """Where TensorFlow Datasets has a task.

    Attributes:
        name: str.
        text: str, a feature.
        pair: str or None, a feature.
        splits: dict from our names of splits to its own, where these are not
            train, validation and test.
    """

    name: str
    text: str = "sentence"
    pair: str | None = None
    splits: Mapping = types.MappingProxyType({})


class GlueFiles(typing.NamedTuple):
    """A task of GLUE.

    Attributes:
        targets: `Labels` or `Rating`.
        metrics: tuple of str, rows of `metrics.METRICS`.
        labelled: `Columns` of the training and development sets.
        test: `Columns` of the test sets.
        tfds: `TfdsSet`.
        site: dict from a test set to the file that GLUE's site takes.
        dev_file: str, name of the development set's file.
        test_splits: tuple of str, which are the names of their files too.
        unordered: bool, whether the order of a pair means nothing; such
            training pairs are taken in both orders.
    """

    targets: Labels | Rating
    metrics: tuple[str, ...]
    labelled: Columns
    test: Columns
    tfds: TfdsSet
    site: Mapping[str, str]
    dev_file: str = DEV
    test_splits: tuple[str, ...] = (TEST,)
    unordered: bool = False


NO_YES = Labels(("0", "1"))
_ENTAILMENT = Labels(("entailment", "not_entailment"))
_STARS = Rating(0.0, 5.0)
_SENTENCES = ("sentence1", "sentence2")
# Besides its test sets MNLI has GLUE's diagnostic set, of other columns.
DIAGNOSTIC, DIAGNOSTIC_COLUMNS = "diagnostic", Columns(1, 2, None)
DIAGNOSTIC_SET = TfdsSet(
    "glue/ax", "premise", "hypothesis", {DIAGNOSTIC: "test"}
)

GLUE = {
    "cola": GlueFiles(
        targets=NO_YES,
        metrics=("mcc",),
        labelled=Columns(3, None, 1, header=False),
        test=Columns(1, None, None),
        tfds=TfdsSet("glue/cola"),
        site={TEST: "CoLA.tsv"},
    ),
    "sst": GlueFiles(
        targets=NO_YES,
        metrics=("accuracy",),
        labelled=Columns(0, None, 1),
        test=Columns(1, None, None),
        tfds=TfdsSet("glue/sst2"),
        site={TEST: "SST-2.tsv"},
    ),
    "mrpc": GlueFiles(
        targets=NO_YES,
        metrics=("accuracy",),
        labelled=Columns(3, 4, 0),
        test=Columns(3, 4, None),
        tfds=TfdsSet("glue/mrpc", *_SENTENCES),
        site={TEST: "MRPC.tsv"},
        unordered=True,
    ),
    "sts": GlueFiles(
        targets=_STARS,
        metrics=("correlations",),
        labelled=Columns(-3, -2, -1),
        test=Columns(-2, -1, None),
        tfds=TfdsSet("glue/stsb", *_SENTENCES),
        site={TEST: "STS-B.tsv"},
        unordered=True,
    ),
    "qqp": GlueFiles(
        targets=NO_YES,
        metrics=("accuracy",),
        labelled=Columns(3, 4, 5),
        test=Columns(1, 2, None),
        tfds=TfdsSet("glue/qqp", "question1", "question2"),
        site={TEST: "QQP.tsv"},
    ),
    "mnli": GlueFiles(
        targets=Labels(("contradiction", "entailment", "neutral")),
        metrics=("accuracy",),
        labelled=Columns(8, 9, -1),
        test=Columns(8, 9, None),
        tfds=TfdsSet(
            "glue/mnli",
            "premise",
            "hypothesis",
            splits={
                DEV: "validation_matched",
                "test_matched": "test_matched",
                "test_mismatched": "test_mismatched",
            },
        ),
        site={
            "test_matched": "MNLI-m.tsv",
            "test_mismatched": "MNLI-mm.tsv",
            DIAGNOSTIC: "AX.tsv",
        },
        dev_file="dev_matched",
        test_splits=("test_matched", "test_mismatched", DIAGNOSTIC),
    ),
    "qnli": GlueFiles(
        targets=_ENTAILMENT,
        metrics=("accuracy",),
        labelled=Columns(1, 2, -1),
        test=Columns(1, 2, None),
        tfds=TfdsSet("glue/qnli", "question", "sentence"),
        site={TEST: "QNLI.tsv"},
    ),
    "rte": GlueFiles(
        targets=_ENTAILMENT,
        metrics=("accuracy",),
        labelled=Columns(1, 2, -1),
        test=Columns(1, 2, None),
        tfds=TfdsSet("glue/rte", *_SENTENCES),
        site={TEST: "RTE.tsv"},
    ),
    "wnli": GlueFiles(
        targets=NO_YES,
        metrics=("accuracy",),
        labelled=Columns(1, 2, 3),
        test=Columns(1, 2, None),
        tfds=TfdsSet("glue/wnli", *_SENTENCES),
        site={TEST: "WNLI.tsv"},
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
