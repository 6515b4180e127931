"""The sentence tasks of SuperGLUE: BoolQ, CB and WiC; no TensorFlow."""

import typing
from collections.abc import Callable

from electra_tf.finetuning.tasks import schema, superglue
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.sentences.classification import (
    Example,
    SentenceTask,
)
from electra_tf.finetuning.tasks.sentences.targets import Labels
from electra_tf.finetuning.tasks.task import TEST

_LABEL = Field("label", schema.LABEL, "the label")


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

    def __init__(self, name: str, config):
        super().__init__(name, config)
        self.row = SUPERGLUE[name]
        self.targets = self.row.targets
        self.metric_names = self.row.metrics

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        table = superglue.read(self.config, self.name, split)
        examples = [self._example(record, split) for record in table.records]
        self.log(split, examples)
        return examples

    def _example(self, record: Record, split: str) -> Example:
        fields = (superglue.NUMBER, *self.row.fields)
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
        text = superglue.submission(row[:2] for row in found)
        return {self.row.site: text}
