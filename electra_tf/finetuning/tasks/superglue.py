"""SuperGLUE: BoolQ, CB and WiC as sentences, COPA as choices; no TensorFlow.

References: Wang et al., 2019, SuperGLUE, https://arxiv.org/abs/1905.00537;
Roemmele et al., 2011, Choice of Plausible Alternatives
"""

import json
import os
import typing
from collections.abc import Callable, Iterable

from electra_tf.configs import fields as config_fields
from electra_tf.finetuning.tasks import schema, tfds_source
from electra_tf.finetuning.tasks.multiple_choice import choices
from electra_tf.finetuning.tasks.multiple_choice.choices import (
    CHOICE_LABEL,
    ChoiceTask,
    label_of,
)
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.sentences.classification import (
    Example,
    SentenceTask,
)
from electra_tf.finetuning.tasks.sentences.targets import Labels
from electra_tf.finetuning.tasks.tables import Table, read_table
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError

_FILES = {TRAIN: "train.jsonl", DEV: "val.jsonl", TEST: "test.jsonl"}
_LABEL = Field("label", schema.LABEL, "the label")
_NUMBER = Field("idx", schema.WHOLE, "the number of an example")


def _read(config, name: str, split: str) -> Table:
    """Return the rows of a split, of files or of TensorFlow Datasets."""
    if config.source == "tfds":
        names = f"super_glue/{name}", tfds_source.SPLITS[split]
        return tfds_source.read_split(*names, config.tfds_data_dir)
    folder = config_fields.filled(config.raw_data_dir, name)
    try:
        return read_table(os.path.join(folder, _FILES[split]))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} Expected the {split} file of SuperGLUE's {name} there; "
            "put the files of https://super.gluebenchmark.com/tasks into "
            f"{folder}, or set raw_data_dir."
        ) from None


def _submission(rows: Iterable[tuple[int, object]]) -> str:
    """Return numbers and labels as SuperGLUE's site takes them.

    >>> _submission([(0, "true")])
    '{"idx": 0, "label": "true"}\\n'
    """
    return "".join(
        json.dumps({"idx": number, "label": label}) + "\n"
        for number, label in rows
    )


class SuperGlue(typing.NamedTuple):
    """A task of SuperGLUE: the fields of a row, and the pair they make."""

    site: str  # The file that SuperGLUE's site takes.
    fields: tuple[Field, ...]
    pair: Callable[[dict, Record], tuple[str, str]]
    targets: Labels
    metrics: tuple[str, ...] = ("accuracy",)


def _texts(*names: str) -> dict:
    """Return a pair of two fields."""
    fields = tuple(Field(name, schema.TEXT, "text") for name in names)
    return {"fields": fields, "pair": lambda row, _: tuple(map(row.get, names))}


def _marked_pair(row: dict, record: Record) -> tuple[str, str]:
    """Return both sentences of WiC, each with its word in quotation marks.

    So does GlossBERT (Huang et al., 2019, https://arxiv.org/abs/1908.07245)
    to say which word a sentence is about.
    """
    found = []
    for number in "12":
        sentence = row[f"sentence{number}"]
        begin, end = row[f"start{number}"], row[f"end{number}"]
        if not 0 <= begin < end <= len(sentence):
            raise record.error(
                f"start{number} and end{number} must be places in sentence"
                f"{number}; received {begin} and {end}"
            )
        word = sentence[begin:end]
        found.append(f'{sentence[:begin]}" {word} "{sentence[end:]}')
    return found[0], found[1]


_MARKED = (
    *(Field(f"sentence{n}", schema.TEXT, "a sentence") for n in "12"),
    *(
        Field(f"{end}{n}", schema.WHOLE, "a place of the word")
        for n in "12"
        for end in ("start", "end")
    ),
)
_FALSE_TRUE = Labels(("false", "true"))

SUPERGLUE = {
    "boolq": SuperGlue(
        "BoolQ.jsonl", **_texts("question", "passage"), targets=_FALSE_TRUE
    ),
    "cb": SuperGlue(
        "CB.jsonl",
        **_texts("premise", "hypothesis"),
        targets=Labels(("contradiction", "entailment", "neutral")),
        metrics=("accuracy", "macro_f1"),
    ),
    "wic": SuperGlue("WiC.jsonl", _MARKED, _marked_pair, _FALSE_TRUE),
}


class SuperGlueTask(SentenceTask):
    """A task of the table `SUPERGLUE`."""

    has_pairs = True

    def __init__(self, name: str, config):
        super().__init__(name, config)
        self.row = SUPERGLUE[name]
        self.targets = self.row.targets
        self.metric_names = self.row.metrics

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        table = _read(self.config, self.name, split)
        examples = [self._example(record, split) for record in table.records]
        self.log(split, examples)
        return examples

    def _example(self, record: Record, split: str) -> Example:
        fields = (_NUMBER, *self.row.fields)
        if split != TEST:
            fields = (*fields, _LABEL)
        row = schema.read(record, fields)
        label = self.targets.blank
        if split != TEST:
            # "False" in TensorFlow Datasets.
            label = record.parsed(self.targets.parse, row["label"].lower())
        return Example(row["idx"], *self.row.pair(row, record), label)

    def submission(self, split: str, outputs: dict, source) -> dict[str, str]:
        """Return the file of SuperGLUE's site; see `Task.submission`."""
        found = self.predictions(outputs, source)
        text = _submission(row[:2] for row in found)
        return {self.row.site: text}


# COPA's two questions, as its authors ask them.
_ASKED = {
    "cause": "What was the cause of this?",
    "effect": "What happened as a result?",
}
_COPA = (
    _NUMBER,
    Field("premise", schema.TEXT, "what happened"),
    Field("question", schema.TEXT, "cause or effect"),
    Field("choice1", schema.TEXT, "the first choice"),
    Field("choice2", schema.TEXT, "the second choice"),
)
_OF_COPA = ("0", "1")


class Copa(ChoiceTask):
    """COPA: which of two sentences is cause or effect of a third one."""

    has_pairs = False

    def examples(self, split: str) -> list[choices.Example]:
        """Read a split; see `Task.examples`."""
        table = _read(self.config, self.name, split)
        examples = [self._example(record, split) for record in table.records]
        if len({example.eid for example in examples}) < len(examples):
            raise DataError(f"{table.name}: two rows have the same idx.")
        self.log(split, examples)
        return examples

    def _example(self, record: Record, split: str) -> choices.Example:
        row = schema.read(record, (*_COPA, *[CHOICE_LABEL] * (split != TEST)))
        if row["question"] not in _ASKED:
            raise record.error(
                "column 'question' must hold cause or effect; received "
                f"{row['question']!r}"
            )
        tfds = {"choice1": "0", "choice2": "1"}
        if "label" in row:
            row["label"] = tfds.get(row["label"], row["label"])
        return choices.Example(
            row["idx"],
            f"{row['premise']} {_ASKED[row['question']]}",
            None,
            (row["choice1"], row["choice2"]),
            label_of(record, row, _OF_COPA),
            _OF_COPA,
        )

    def submission(self, split: str, outputs: dict, source) -> dict[str, str]:
        """Return the file of SuperGLUE's site; see `Task.submission`."""
        found = self.predictions(outputs, source)
        rows = ((number, int(label)) for number, label, _ in found)
        return {"COPA.jsonl": _submission(rows)}
