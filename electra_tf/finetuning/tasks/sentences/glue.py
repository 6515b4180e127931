"""The sentence tasks of GLUE, and the files of its download; no TensorFlow.

Reference: Wang et al., 2018, GLUE, https://arxiv.org/abs/1804.07461
"""

import os
import types
import typing
from collections.abc import Mapping

from absl import logging

from electra_tf.configs import fields
from electra_tf.configs.tasks import TASKS
from electra_tf.finetuning import results
from electra_tf.finetuning.tasks import schema, tfds_source
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.sentences.classification import (
    Example,
    SentenceTask,
)
from electra_tf.finetuning.tasks.sentences.targets import Labels, Rating
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError
from electra_tf.finetuning.tasks.text_rows import tab_rows

_LABEL = schema.Field("label", schema.LABEL, "the label or score")
DEBUG_ROWS = 100  # Rows of a file to read in debug mode, as the original.


class Columns(typing.NamedTuple):
    """Where a file has what, counted from 0, or from the end by -1, -2, ...

    A file without labels has None for them, and so have single sentences for
    the second text.
    """

    text: int
    pair: int | None
    label: int | None
    header: bool = True


class TfdsSet(typing.NamedTuple):
    """Where TensorFlow Datasets has a task."""

    name: str
    text: str = "sentence"  # A feature.
    pair: str | None = None  # A feature.
    # Dict from our names of splits to its own, where these are not train,
    # validation and test.
    splits: Mapping = types.MappingProxyType({})


NO_YES = Labels(("0", "1"))


class GlueFiles(typing.NamedTuple):
    """A task of GLUE."""

    # Dict from a test set, which is the name of its file too, to the file that
    # GLUE's site takes.
    site: Mapping[str, str]
    tfds: TfdsSet
    labelled: Columns  # Of the training and development sets.
    test: Columns  # Of the test sets.
    targets: Labels | Rating = NO_YES
    metrics: tuple[str, ...] = ("accuracy",)  # Rows of `metrics.METRICS`.
    dev_file: str = DEV  # Name of the development set's file.


_ENTAILMENT = Labels(("entailment", "not_entailment"))
_SENTENCES = ("sentence1", "sentence2")
_PREMISE = ("premise", "hypothesis")
# Besides its test sets MNLI has GLUE's diagnostic set, of other columns.
DIAGNOSTIC, DIAGNOSTIC_COLUMNS = "diagnostic", Columns(1, 2, None)
DIAGNOSTIC_SET = TfdsSet("glue/ax", *_PREMISE, {DIAGNOSTIC: "test"})

GLUE = {
    "cola": GlueFiles(
        {TEST: "CoLA.tsv"},
        TfdsSet("glue/cola"),
        labelled=Columns(3, None, 1, header=False),
        test=Columns(1, None, None),
        metrics=("mcc",),
    ),
    "sst": GlueFiles(
        {TEST: "SST-2.tsv"},
        TfdsSet("glue/sst2"),
        labelled=Columns(0, None, 1),
        test=Columns(1, None, None),
    ),
    "mrpc": GlueFiles(
        {TEST: "MRPC.tsv"},
        TfdsSet("glue/mrpc", *_SENTENCES),
        labelled=Columns(3, 4, 0),
        test=Columns(3, 4, None),
    ),
    "sts": GlueFiles(
        {TEST: "STS-B.tsv"},
        TfdsSet("glue/stsb", *_SENTENCES),
        labelled=Columns(-3, -2, -1),
        test=Columns(-2, -1, None),
        targets=Rating(0.0, 5.0),
        metrics=("correlations",),
    ),
    "qqp": GlueFiles(
        {TEST: "QQP.tsv"},
        TfdsSet("glue/qqp", "question1", "question2"),
        labelled=Columns(3, 4, 5),
        test=Columns(1, 2, None),
    ),
    "mnli": GlueFiles(
        {
            "test_matched": "MNLI-m.tsv",
            "test_mismatched": "MNLI-mm.tsv",
            DIAGNOSTIC: "AX.tsv",
        },
        TfdsSet(
            "glue/mnli",
            *_PREMISE,
            splits={
                DEV: "validation_matched",
                "test_matched": "test_matched",
                "test_mismatched": "test_mismatched",
            },
        ),
        labelled=Columns(8, 9, -1),
        test=Columns(8, 9, None),
        targets=Labels(("contradiction", "entailment", "neutral")),
        dev_file="dev_matched",
    ),
    "qnli": GlueFiles(
        {TEST: "QNLI.tsv"},
        TfdsSet("glue/qnli", "question", "sentence"),
        labelled=Columns(1, 2, -1),
        test=Columns(1, 2, None),
        targets=_ENTAILMENT,
    ),
    "rte": GlueFiles(
        {TEST: "RTE.tsv"},
        TfdsSet("glue/rte", *_SENTENCES),
        labelled=Columns(1, 2, -1),
        test=Columns(1, 2, None),
        targets=_ENTAILMENT,
    ),
    "wnli": GlueFiles(
        {TEST: "WNLI.tsv"},
        TfdsSet("glue/wnli", *_SENTENCES),
        labelled=Columns(1, 2, 3),
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
        self.targets = self.files.targets
        self.metric_names = self.files.metrics
        self.test_splits = tuple(self.files.site)
        self._most = DEBUG_ROWS if config.debug else None

    @property
    def has_pairs(self) -> bool:
        """Whether the files have a column of second texts."""
        return self.files.labelled.pair is not None

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        from_tfds = self.config.source == "tfds"
        examples = (self._from_tfds if from_tfds else self._from_files)(split)
        unordered = TASKS[self.name].unordered
        if unordered and self.config.double_unordered and split == TRAIN:
            examples += _swapped(examples)
        self.log(split, examples)
        return examples

    def submission(self, split: str, outputs: dict, source) -> dict[str, str]:
        """Return the file of GLUE's site; see `Task.submission`."""
        predictions = self.predictions(outputs, source)
        return {self.files.site[split]: results.as_tsv(predictions)}

    def _from_tfds(self, split: str) -> list[Example]:
        found = DIAGNOSTIC_SET if split == DIAGNOSTIC else self.files.tfds
        table = tfds_source.read_split(
            found.name,
            {**tfds_source.SPLITS, **found.splits}[split],
            self.config.tfds_data_dir,
            # Labels "0" and "1" have names there.
            class_names=self.targets != NO_YES,
        )
        labelled = split not in self.test_splits

        def label(record: Record):
            values = schema.read(record, (_LABEL,))
            return record.parsed(self.targets.parse, values["label"])

        return [
            Example(
                eid=record.values["idx"],
                text=record.values[found.text],
                text_pair=record.values.get(found.pair),
                label=label(record) if labelled else self.targets.blank,
            )
            for record in table.records[: self._most]
        ]

    def _from_files(self, split: str) -> list[Example]:
        """Read a file; rows with too few columns are left out."""
        folder = fields.filled(self.config.raw_data_dir, self.name)
        stem = self.files.dev_file if split == DEV else split
        path = os.path.join(folder, f"{stem}.tsv")
        columns = self._columns(split)
        examples, short = [], []
        for row in self._rows(path, split)[columns.header :]:
            try:
                examples.append(self._example(row, columns))
            except IndexError:
                short.append(row)
        if short:
            logging.warning(
                "%s: left out %d rows with too few columns; the first is row "
                "%d: %s",
                path,
                len(short),
                short[0].line,
                short[0].values,
            )
        if not examples:
            raise DataError(f"{path} holds no example.")
        return examples

    def _rows(self, path: str, split: str) -> list[Record]:
        try:
            return tab_rows(path, self._most)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{error} Expected the {split} file of GLUE's "
                f"{self.name} there; put the files of https://gluebenchmark."
                f"com/tasks into {os.path.dirname(path)}, or set raw_data_dir."
            ) from None

    def _columns(self, split: str) -> Columns:
        if split == DIAGNOSTIC:
            return DIAGNOSTIC_COLUMNS
        labelled = split in (TRAIN, DEV)
        return self.files.labelled if labelled else self.files.test

    def _example(self, row: Record, columns: Columns) -> Example:
        cells = row.values
        return Example(
            eid=row.line - 1 - columns.header,
            text=cells[columns.text],
            text_pair=None if columns.pair is None else cells[columns.pair],
            label=self.targets.blank
            if columns.label is None
            else row.parsed(self.targets.parse, cells[columns.label]),
        )


def _swapped(examples: list[Example]) -> list[Example]:
    """Pairs in the other order, numbered on from those there are."""
    return [
        e._replace(
            eid=e.eid + len(examples), text=e.text_pair, text_pair=e.text
        )
        for e in examples
    ]
