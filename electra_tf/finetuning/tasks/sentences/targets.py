"""Targets of sentence tasks: a label, a set of labels, or a number.

A target knows how it is written in files, what head learns it, and how good
it is to always predict the same. No TensorFlow.
"""

import collections
import dataclasses
import json
import math
import statistics
from collections.abc import Sequence

from electra_tf.configs import hparams
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import schema
from electra_tf.finetuning.tasks.metrics import entropy, shares
from electra_tf.finetuning.tasks.sentences.indicators import is_indicator
from electra_tf.finetuning.tasks.task import FeatureSpec, HeadSpec

# A label this many times as frequent as another one is worth a warning.
IMBALANCE = 10
# How far off a scale from 0 to 1 a number may lie: float32 holds its square.
FARTHEST = 1e18


@dataclasses.dataclass(frozen=True)
class Labels:
    """One of some labels; learnt as its number."""

    names: tuple[str, ...]  # The labels.
    scale = None
    blank = 0  # Of what has no label: a test set.
    scores = "logits"  # The head's output to write beside predictions.
    feature = FeatureSpec("label_ids")  # The task's name comes before.

    @property
    def head(self) -> HeadSpec:
        """The head that predicts it."""
        return HeadSpec("classification", len(self.names))

    def parse(self, text: str) -> int:
        """Return the number of a label.

        Raises:
            UserError: when it is none of the labels.
        """
        if text not in self.names:
            raise UserError(
                f"unknown label {text!r}; the labels are "
                f"{', '.join(map(repr, self.names))}."
                f"{hparams.suggestion(text, self.names)}".removesuffix(".")
            )
        return self.names.index(text)

    def as_text(self, prediction) -> str:
        """Return a prediction as it is written in files."""
        return self.names[int(prediction)]

    def counts(self, values: Sequence) -> dict[str, int]:
        """Return how many parsed values there are of each label."""
        counted = collections.Counter(values)
        return {name: counted[i] for i, name in enumerate(self.names)}

    def described(self, values: Sequence) -> str:
        """Say how frequent each label is.

        >>> Labels(("no", "yes")).described([1, 1, 0, 1])
        "1 no (25.0%), 3 yes (75.0%); always 'yes' has accuracy 75.0"
        """
        counts = self.counts(values)
        most = max(counts, key=counts.get)
        return (
            f"{shares(counts, len(values))}; always {most!r} has accuracy "
            f"{100 * counts[most] / len(values):.1f}"
        )

    def warning(self, values: Sequence) -> str:
        """Say what is wrong with the labels to learn; "" for nothing.

        >>> Labels(("no", "yes")).warning([1] * 30 + [0])
        "imbalanced: 30 of 'yes', 1 of 'no'. Accuracy says little here"
        """
        counts = self.counts(values)
        most, least = (f(counts, key=counts.get) for f in (max, min))
        if counts[most] < IMBALANCE * counts[least]:
            return ""
        return (
            f"imbalanced: {counts[most]} of {most!r}, {counts[least]} of "
            f"{least!r}. Accuracy says little here"
        )

    def constant_loss(self, values: Sequence) -> float:
        """Return the least mean loss of predicting the same for all.

        >>> Labels(("no", "yes")).constant_loss([0, 1]) == math.log(2)
        True
        """
        return entropy(self.counts(values).values())


@dataclasses.dataclass(frozen=True)
class LabelSets(Labels):
    """Any number of some labels; learnt as a list of their numbers, from 1.

    Written as a JSON list, or with a separator between labels.

    Attributes:
        names: tuple of str, the labels.
        separator: str.
    """

    separator: str = ","
    blank = ()
    # Lists of different lengths are padded with 0, so labels count from 1.
    feature = FeatureSpec("label_numbers", per_token=True)

    @property
    def head(self) -> HeadSpec:
        """The head that predicts them."""
        return HeadSpec("multilabel", len(self.names))

    def split(self, value) -> list[str]:
        """Return the labels of a cell, or of a JSON list.

        >>> LabelSets((), ";").split(" a; b ")
        ['a', 'b']
        >>> LabelSets(()).split('["a, b", "c"]')
        ['a, b', 'c']

        Raises:
            UserError: when it is neither.
        """
        try:
            if not isinstance(value, list | tuple):
                value = schema.text(value)
            if isinstance(value, str) and not value.lstrip().startswith("["):
                value = [part.strip() for part in value.split(self.separator)]
            found = [schema.label(label) for label in schema.listed(value)]
            if any(map(schema.is_nothing, found)):
                raise TypeError
            if is_indicator(found):
                raise UserError(
                    "a number for each label, 1 for those of the text; "
                    "expected a list of the labels that it has"
                )
        except (TypeError, ValueError) as error:
            if isinstance(error, UserError):
                raise UserError(f"{value!r} is {error}") from None
            raise UserError(
                f"expected a JSON list of labels, or labels with "
                f"{self.separator!r} between them; received {value!r}"
            ) from None
        return found

    def parse(self, value) -> tuple[int, ...]:
        """Return the numbers of labels, from 1; see `Labels.parse`."""
        parse = super().parse
        labels = dict.fromkeys(self.split(value))
        return tuple(1 + parse(label) for label in labels)

    def as_text(self, prediction) -> str:
        """Return the labels of an array of 0 and 1, as a JSON list."""
        chosen = zip(self.names, prediction, strict=True)
        names = [name for name, there in chosen if there]
        return json.dumps(names, ensure_ascii=False)

    def counts(self, values: Sequence[tuple]) -> dict[str, int]:
        """See `Labels.counts`."""
        return super().counts([n - 1 for numbers in values for n in numbers])

    def described(self, values: Sequence[tuple]) -> str:
        """Say how frequent each label is.

        >>> LabelSets(("a", "b")).described([(1, 2), (2,), ()])
        '1 a (33.3%), 2 b (66.7%); 1 without any label'
        """
        none = sum(not numbers for numbers in values)
        of_labels = shares(self.counts(values), len(values))
        return f"{of_labels}; {none} without any label"

    def warning(self, values: Sequence[tuple]) -> str:
        """See `Labels.warning`."""
        counts = self.counts(values)
        rare = [
            f"{name!r} ({count})"
            for name, count in counts.items()
            if count * IMBALANCE <= max(counts.values())
        ]
        return f"rare labels: {', '.join(rare)}" if rare else ""

    def constant_loss(self, values: Sequence[tuple]) -> float:
        """See `Labels.constant_loss`."""
        return statistics.fmean(
            entropy((count, len(values) - count))
            for count in self.counts(values).values()
        )


@dataclasses.dataclass(frozen=True)
class RegressionTarget:
    """A number; learnt on a scale from 0 to 1."""

    low: float  # Learnt as 0.
    high: float  # Learnt as 1.
    names = None
    blank = 0.0
    scores = "predictions"
    feature = FeatureSpec("targets", "float32")
    head = HeadSpec("regression", 1)

    @property
    def scale(self) -> tuple[float, float]:
        """The numbers that are learnt as 0 and 1."""
        return self.low, self.high

    def parse(self, text: str) -> float:
        """Return the place of a number on the scale.

        Raises:
            UserError: when it is no finite number, or its square on the scale
                is none in float32.
        """
        place = (finite(text) - self.low) / (self.high - self.low)
        if not abs(place) < FARTHEST:
            raise UserError(
                f"the score is {text!r}; expected a number nearer to the scale "
                f"that is learnt, {self.low:g} to {self.high:g}"
            )
        return place

    def as_number(self, prediction) -> float:
        """Return the number at a place of the scale."""
        return self.low + float(prediction) * (self.high - self.low)

    def as_text(self, prediction) -> str:
        """Return the same as text."""
        return f"{self.as_number(prediction):.6g}"

    def described(self, values: Sequence[float]) -> str:
        """Say how large the numbers are.

        >>> RegressionTarget(0, 10).described([0.1, 0.5])
        '1 to 5, mean 3'
        """
        least, most, mean = map(
            self.as_text, (min(values), max(values), statistics.fmean(values))
        )
        return f"{least} to {most}, mean {mean}"

    def warning(self, values: Sequence[float]) -> str:
        """Return "": any numbers can be learnt."""
        return ""

    def constant_loss(self, values: Sequence[float]) -> float:
        """Return the least mean loss of predicting the same for all."""
        return statistics.pvariance(values)


@dataclasses.dataclass(frozen=True)
class Rating(RegressionTarget):
    """A number that must lie on the scale.

    >>> Rating(0, 5).parse("2.5"), Rating(0, 5).as_text(1.25)
    (0.5, '5.000')
    """

    def parse(self, text: str) -> float:
        """See `RegressionTarget.parse`."""
        place = super().parse(text)
        if not 0 <= place <= 1:
            raise UserError(
                f"the score is {text!r}; expected a number from {self.low:g} "
                f"to {self.high:g}"
            )
        return place

    def as_text(self, prediction) -> str:
        """Return a number on the scale; the GLUE site takes no other."""
        within = min(max(float(prediction), 0.0), 1.0)
        return f"{self.as_number(within):.3f}"


def finite(text: str) -> float:
    """Return a number that is neither infinite nor NaN, or raise UserError."""
    try:
        number = math.nan if "_" in text else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"the score is {text!r}; expected a number")
    return number
