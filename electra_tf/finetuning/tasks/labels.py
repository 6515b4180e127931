"""One of some labels, as what is learnt about a sentence.

What is learnt says how it is written in a file and learnt, and how good it is
to always predict the same; see also `label_sets` and `scales`. No TensorFlow.
"""

import collections
import dataclasses
import math
from collections.abc import Sequence

from electra_tf.configs import hparams
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.task import FeatureSpec, HeadSpec

# A label this many times as frequent as another one is worth a warning.
IMBALANCE = 10
MOST_LISTED = 20  # Labels in a line about all of them.


@dataclasses.dataclass(frozen=True)
class Labels:
    """One of some labels; learnt as its number.

    Attributes:
        names: tuple of str.
    """

    names: tuple[str, ...]
    scale = None
    blank = 0  # Of what has no label: a test set.
    scores = "logits"  # What its head computes besides the predictions.

    @property
    def feature(self) -> FeatureSpec:
        """How it is learnt; the task's name comes before."""
        return FeatureSpec("label_ids")

    @property
    def head(self) -> HeadSpec:
        """The head that predicts it."""
        return HeadSpec("classification", len(self.names))

    def parse(self, text: str) -> int:
        """Return the number of a label.

        Raises:
            ValueError: saying what was expected.
        """
        if text not in self.names:
            raise UserError(
                f"unknown label {text!r}; the labels are "
                f"{', '.join(map(repr, self.names))}."
                f"{hparams.suggestion(text, self.names)}".removesuffix(".")
            )
        return self.names.index(text)

    def as_text(self, prediction) -> str:
        """Return the label of a number."""
        return self.names[int(prediction)]

    def counts(self, values: Sequence[int]) -> dict[str, int]:
        """Return how many there are of each label."""
        counted = collections.Counter(values)
        return {name: counted[i] for i, name in enumerate(self.names)}

    def described(self, values: Sequence[int]) -> str:
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

    def warning(self, values: Sequence[int]) -> str:
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

    def constant_loss(self, values: Sequence[int]) -> float:
        """Return the least mean loss of predicting the same for all.

        >>> Labels(("no", "yes")).constant_loss([0, 1]) == math.log(2)
        True
        """
        return entropy(self.counts(values).values())


def entropy(counts) -> float:
    """Return the entropy of counts, in nats."""
    total = sum(counts)
    return -sum(c / total * math.log(c / total) for c in counts if c)


def shares(counts: dict[str, int], total: int) -> str:
    """Say how many there are of each; of the most frequent if of many.

    >>> shares({"no": 1, "yes": 3}, 4)
    '1 no (25.0%), 3 yes (75.0%)'
    """
    chosen = list(counts)
    if len(chosen) > MOST_LISTED:
        chosen = sorted(chosen, key=counts.get, reverse=True)[:MOST_LISTED]
    listed = [f"{counts[n]} {n} ({counts[n] / total:.1%})" for n in chosen]
    if len(counts) > MOST_LISTED:
        listed.append(f"{len(counts) - MOST_LISTED} more")
    return ", ".join(listed)
