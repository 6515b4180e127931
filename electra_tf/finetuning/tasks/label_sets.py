"""Any number of labels, as what is learnt about a sentence; no TensorFlow."""

import collections
import dataclasses
import json
import statistics
from collections.abc import Sequence

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.labels import (
    IMBALANCE,
    Labels,
    entropy,
    shares,
)
from electra_tf.finetuning.tasks.task import FeatureSpec, HeadSpec


@dataclasses.dataclass(frozen=True)
class LabelSets:
    """Any number of some labels; learnt as a list of their numbers, from 1.

    Written as a JSON list, or with a separator between labels.

    Attributes:
        names: tuple of str.
        separator: str.
    """

    names: tuple[str, ...]
    separator: str = ","
    scale = None
    blank = ()
    scores = "logits"

    @property
    def feature(self) -> FeatureSpec:
        """How they are learnt; the task's name comes before."""
        # Lists of different lengths are padded with 0, so labels count from 1.
        return FeatureSpec("label_numbers", per_token=True)

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
            ValueError: when it is neither.
        """
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise UserError(f"{value!r} is no JSON: {error}") from None
        if isinstance(value, str):
            value = [part.strip() for part in value.split(self.separator)]
        good = isinstance(value, list | tuple) and all(
            isinstance(label, str) and label.strip() for label in value
        )
        if not good:
            raise UserError(
                f"expected a JSON list of labels, or labels with "
                f"{self.separator!r} between them; received {value!r}"
            )
        return [*dict.fromkeys(value)]

    def parse(self, value) -> tuple[int, ...]:
        """Return the numbers of labels, from 1.

        Raises:
            ValueError: saying what was expected.
        """
        one = Labels(self.names)
        return tuple(1 + one.parse(label) for label in self.split(value))

    def as_text(self, prediction) -> str:
        """Return the labels of an array of 0 and 1, as a JSON list."""
        chosen = [
            name
            for name, there in zip(self.names, prediction, strict=True)
            if there
        ]
        return json.dumps(chosen, ensure_ascii=False)

    def counts(self, values: Sequence[tuple]) -> dict[str, int]:
        """Return how many there are of each label."""
        counted = collections.Counter(n for numbers in values for n in numbers)
        return {name: counted[i] for i, name in enumerate(self.names, 1)}

    def described(self, values: Sequence[tuple]) -> str:
        """Say how frequent each label is.

        >>> LabelSets(("a", "b")).described([(1, 2), (2,), ()])
        '1 a (33.3%), 2 b (66.7%); 1 without any label'
        """
        none = sum(not numbers for numbers in values)
        of_labels = shares(self.counts(values), len(values))
        return f"{of_labels}; {none} without any label"

    def warning(self, values: Sequence[tuple]) -> str:
        """Say what is wrong with the labels to learn; "" for nothing."""
        counts = self.counts(values)
        rare = [
            f"{name!r} ({count})"
            for name, count in counts.items()
            if count * IMBALANCE <= max(counts.values())
        ]
        return f"rare labels: {', '.join(rare)}" if rare else ""

    def constant_loss(self, values: Sequence[tuple]) -> float:
        """Return the least mean loss of predicting the same for all."""
        return statistics.fmean(
            entropy((count, len(values) - count))
            for count in self.counts(values).values()
        )
