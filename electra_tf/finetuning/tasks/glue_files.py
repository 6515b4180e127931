"""The files of GLUE's download, task by task; no TensorFlow.

Reference: Wang et al., 2018, GLUE, https://arxiv.org/abs/1804.07461
"""

import types
import typing
from collections.abc import Mapping

from electra_tf.finetuning.tasks.labels import Labels
from electra_tf.finetuning.tasks.scales import Rating
from electra_tf.finetuning.tasks.task import DEV, TEST


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
