"""A user's own sentences or pairs; what is learnt is in the training data.

No TensorFlow.
"""

import collections
import functools
import math

from electra_tf.finetuning.tasks import metrics, own_data, schema
from electra_tf.finetuning.tasks.own_data.label_names import LabelNames
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field, Type
from electra_tf.finetuning.tasks.sentences.classification import (
    Example,
    SentenceTask,
)
from electra_tf.finetuning.tasks.sentences.indicators import are_indicators
from electra_tf.finetuning.tasks.sentences.targets import (
    Labels,
    LabelSets,
    RegressionTarget,
    finite,
)
from electra_tf.finetuning.tasks.task import TEST, TRAIN, DataError, say
from electra_tf.finetuning.tasks.text_files import shown
from electra_tf.finetuning.tasks.text_rows import DELIMITERS

_TEXT = Field("text", schema.TEXT, "the (first) text")
_PAIR = Field("text_pair", schema.TEXT, "the second text")


class OwnSentences(SentenceTask):
    """The task of `train_file`, `dev_file` and `test_file`."""

    label = Field("label", schema.LABEL, "what is to be learnt")

    @property
    def has_pairs(self) -> bool:
        """Whether training examples have a second text."""
        return self.config.text_pair_column is not None

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        first: dict = {}

        def made(number: int, values: dict, record: Record) -> Example:
            example = self._example(number, values, record)
            first.update({} if first else values)
            return example

        examples = self._read(split, made, say)
        if split == TRAIN:
            say(f"{self.name}: the first example as it is read: {shown(first)}")
            for doubt in own_data.doubts(self.labels or ()):
                say(f"{self.name}: {doubt}.")
        for doubt in self._repeated(split, examples):
            say(f"{self.name} {split}: {doubt}.")
        self.log(split, examples)
        return examples

    def _repeated(self, split: str, examples: list[Example]) -> list[str]:
        """Say what is learnt in two ways, or learnt and tested."""
        keys = [hash((e.text, e.text_pair)) for e in examples]
        counts = {
            "are 'nan' or the like, which data frames write for no text": sum(
                not schema.MISSING.isdisjoint(
                    text.strip().lower() for text in (e.text, e.text_pair or "")
                )
                for e in examples
            )
        }
        learnt = self._learnt
        if split == TRAIN:
            counts["come again with another label"] = sum(
                len(learnt.get(key, ())) > 1 for key in keys
            )
        else:
            counts["are in the training data, too"] = sum(
                key in learnt for key in keys
            )
        return [
            f"{count} of {len(keys)} texts {what}"
            for what, count in counts.items()
            if count
        ]

    def _read(self, split: str, make, tell=lambda text: None) -> list:
        """Return what `make` makes of a row's number, values and record."""

        def made(number: int, values: dict, record: Record):
            if "label" in values:
                values["label"] = record.parsed(self._named, values["label"])
            return make(number, values, record)

        return self._rows(split, made, tell)

    def _rows(self, split: str, make, tell=lambda text: None) -> list:
        """Return the same, of labels as they are written."""
        fields = (_TEXT, _PAIR, self.label)
        return own_data.rows_of(self.config, split, fields, make, tell)

    @functools.cached_property
    def _names(self) -> LabelNames:
        name = own_data.name_of(self.config, TRAIN)
        return LabelNames(self.config.names_of_labels, self._as_written, name)

    def _as_written(self) -> list[str]:
        """Return the labels of the training data, without their names."""
        return self._rows(TRAIN, lambda _, values, record: values["label"])

    def _named(self, label):
        """Return a label with its name, if it was a number."""
        return self._names(label)

    def _example(self, number: int, values: dict, record: Record) -> Example:
        label = self.targets.blank
        if "label" in values:
            label = record.parsed(self.targets.parse, values["label"])
        return Example(number, values["text"], values.get("text_pair"), label)

    def _training_labels(self, parse=str) -> list:
        self._learnt: dict[int, set] = collections.defaultdict(set)

        def made(number: int, values: dict, record: Record):
            label = record.parsed(parse, values["label"])
            key = hash((values["text"], values.get("text_pair")))
            self._learnt[key].add(repr(label))
            return label

        return self._read(TRAIN, made)

    def _two_or_more(self, what: str, found: list) -> None:
        if len(found) > 1:
            return
        name = own_data.name_of(self.config, TRAIN)
        raise DataError(
            f"{name} must have at least two {what} in column "
            f"{self.config.label_column!r}. Read: {found}"
            + self.config.skip_bad_rows
            * ", of the rows that can be used"
        )


class OwnClassification(OwnSentences):
    """One label for each text or pair."""

    metric_names = ("accuracy", "macro_f1", "mcc")

    @functools.cached_property
    def targets(self) -> Labels:
        """The labels of the training data, sorted."""
        labels = sorted(set(self._training_labels()))
        self._two_or_more("labels", labels)
        return Labels(self.config.names_of_labels or tuple(labels))


class OwnMultilabel(OwnSentences):
    """Any number of labels for each text or pair."""

    metric_names = ("label_f1",)

    label = Field("label", Type("labels", lambda value: value), "the labels")

    @functools.cached_property
    def targets(self) -> LabelSets:
        """The labels of the training data, sorted."""
        found = self._training_labels(list)
        labels = sorted({name for names in found for name in names})
        self._two_or_more("labels", labels)
        self._doubt_separator(found)
        return self._sets(self.config.names_of_labels or tuple(labels))

    def _doubt_separator(self, found: list[list[str]]):
        """Say so where labels seem to have another separator."""
        by = self.config.label_separator
        labels = {name for names in found for name in names}
        joined = [n for n in labels if any(c in n for c in DELIMITERS)]
        if joined and max(map(len, found)) == 1:
            say(
                f"{self.name}: no text has two labels by {by!r}; "
                f"{min(joined)!r} is learnt as one. label_separator sets what "
                "stands between labels."
            )

    def _sets(self, names: tuple[str, ...] = ()) -> LabelSets:
        return LabelSets(names, self.config.label_separator)

    def _as_written(self) -> list[str]:
        return [label for labels in self._lists(TRAIN) for label in labels]

    def _lists(self, split: str) -> list[list[str]]:
        """Return the lists of labels of a split, without their names."""
        split_labels = self._sets().split

        def made(number: int, values: dict, record: Record) -> list[str]:
            return record.parsed(split_labels, values["label"])

        return self._rows(split, made)

    def _named(self, label) -> list[str]:
        labels = map(super()._named, self._sets().split(label))
        return [*dict.fromkeys(labels)]

    def _check_lists(self, split: str) -> None:
        """Refuse a number for each label to learn; tell it of other data."""
        if not are_indicators(self._lists(split)):
            return
        problem = (
            f"{own_data.name_of(self.config, split)}: column "
            f"{self.config.label_column!r} has lists of equal length, of "
            "numbers from 0 to 1 alone"
        )
        if split == TRAIN:
            raise DataError(
                f"{problem}: a number for each label; expected lists of the "
                "labels that a text has. Write ['a', 'c'] for [1, 0, 1]."
            )
        say(f"{problem}; they are read as lists of labels.")

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        if split != TEST:
            self._check_lists(split)
        return super().examples(split)

    def _example(self, number: int, values: dict, record: Record) -> Example:
        example = super()._example(number, values, record)
        most = self.config.max_seq_length
        if len(example.label) > most:
            raise record.error(
                f"{len(example.label)} labels; expected at most max_seq_length "
                f"{most}"
            )
        return example


class OwnRegression(OwnSentences):
    """A number for each text or pair."""

    metric_names = ("correlations",)
    label = Field("label", schema.TEXT, "a number")

    @functools.cached_property
    def targets(self) -> RegressionTarget:
        """A scale from the least to the largest number of the training data."""
        numbers = sorted(set(self._training_labels(finite)))
        self._two_or_more("numbers", numbers)
        low, high = numbers[0], numbers[-1]
        if not math.isfinite(high - low):
            raise DataError(
                f"{own_data.name_of(self.config, TRAIN)}: the numbers {low:g} "
                f"and {high:g} are too far apart to learn those between them."
            )
        return RegressionTarget(low, high)

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return correlations; then errors in the units of the data."""
        span = self.targets.high - self.targets.low
        scores = super().score(outputs, source)
        loss = {"loss": scores.pop("loss")}
        return {**scores, **metrics.errors(outputs, span), **loss}
