"""Tasks that label one sentence or a pair of them; no TensorFlow."""

import collections
import typing

from absl import logging

from electra_tf.finetuning import metrics
from electra_tf.finetuning.task import (
    DEV,
    TRAIN,
    DataError,
    FeatureSpec,
    HeadSpec,
    Task,
)
from electra_tf.finetuning.tsv import Row

CLASSIFICATION_HEAD, REGRESSION_HEAD = "classification", "regression"
MAX_TARGET = 5.0  # Of STS, whose scores go from 0 to 5.


class Example(typing.NamedTuple):
    """A sentence, or a pair of them, with its label.

    Attributes:
        eid: int, its number in the split.
        text: str.
        text_pair: str or None.
        label: int (index of the label) or float (normalised target).
    """

    eid: int
    text: str
    text_pair: str | None
    label: float


class SentenceTask(Task):
    """A task whose input is [CLS] text [SEP], or with text_pair [SEP].

    Subclasses read the files.

    Attributes:
        labels: tuple of str, for a classification; None for a regression of
            numbers from 0 to `MAX_TARGET`.
        metric_names: tuple of str, rows of `metrics.METRICS`.
    """

    labels: tuple[str, ...] | None = None
    metric_names: tuple[str, ...] = ("accuracy",)

    @property
    def scale(self) -> tuple[float, float] | None:
        """The numbers that are learnt as 0 and 1; None for labels."""
        return (0.0, MAX_TARGET) if self.labels is None else None

    @property
    def label_feature(self) -> FeatureSpec:
        """The feature that holds the label."""
        if self.labels is None:
            return FeatureSpec(f"{self.name}_targets", "float32")
        return FeatureSpec(f"{self.name}_label_ids")

    @property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """Number of the example, and its label."""
        return FeatureSpec(f"{self.name}_eid"), self.label_feature

    @property
    def head(self) -> HeadSpec:
        """A linear layer on the first token's vector."""
        if self.labels is None:
            return HeadSpec(REGRESSION_HEAD, 1)
        return HeadSpec(CLASSIFICATION_HEAD, len(self.labels))

    def features(self, examples: list[Example], tokenizer) -> list[dict]:
        """Tokenize, and cut what is too long."""
        return [self._features(example, tokenizer) for example in examples]

    def _features(self, example: Example, tokenizer) -> dict:
        input_ids, segment_ids = joined(
            tokenizer.encode(example.text),
            tokenizer.encode(example.text_pair or ""),
            self.config.max_seq_length,
            tokenizer.cls_id,
            tokenizer.sep_id,
        )
        return {
            "input_ids": input_ids,
            "segment_ids": segment_ids,
            f"{self.name}_eid": example.eid,
            self.label_feature.name: example.label,
        }

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return the task's metrics and the mean loss."""
        return metrics.score(self.metric_names, outputs)

    def predictions(self, outputs: dict, source=None) -> list[tuple]:
        """Return labels, or targets on the scale of the raw data."""
        scores = outputs["logits" if self.labels else "predictions"]
        return [
            (int(eid), self._as_text(value), raw.tolist())
            for eid, value, raw in zip(
                outputs["eid"], outputs["predictions"], scores, strict=True
            )
        ]

    def _as_text(self, prediction) -> str:
        if self.labels is not None:
            return self.labels[int(prediction)]
        # The GLUE site takes no number outside the scale.
        value = min(max(float(prediction), 0.0), 1.0) * MAX_TARGET
        return f"{value:.3f}"

    def parse_label(self, text: str) -> float:
        """Return the index of a label, or a target between 0 and 1.

        Raises:
            ValueError: saying what was expected.
        """
        if self.labels is None:
            return self._parse_target(text)
        if text not in self.labels:
            raise ValueError(
                f"unknown label {text!r}; the labels of {self.name} are "
                f"{', '.join(map(repr, self.labels))}"
            )
        return self.labels.index(text)

    def _parse_target(self, text: str) -> float:
        try:
            target = float(text)
        except ValueError:
            target = float("nan")
        if not 0 <= target <= MAX_TARGET:
            raise ValueError(
                f"the score is {text!r}; expected a number from 0 to "
                f"{MAX_TARGET:g}"
            )
        return target / MAX_TARGET


def joined(
    ids: list[int],
    pair_ids: list[int],
    max_length: int,
    cls_id: int,
    sep_id: int,
) -> tuple[list[int], list[int]]:
    """Return input_ids and segment_ids of one input.

    What is too long loses tokens at the end, of a pair the longer text first
    and the second one when both are equally long. A second text without any
    token is left out.

    >>> joined([5, 6, 7], [8], 6, cls_id=1, sep_id=2)
    ([1, 5, 6, 2, 8, 2], [0, 0, 0, 0, 1, 1])
    """
    if not pair_ids:
        input_ids = [cls_id, *ids[: max_length - 2], sep_id]
        return input_ids, [0] * len(input_ids)
    room = max_length - 3
    if len(ids) + len(pair_ids) > room:
        first = min(len(ids), max(room - len(pair_ids), (room + 1) // 2))
        ids, pair_ids = ids[:first], pair_ids[: room - first]
    segments = [0] * (len(ids) + 2) + [1] * (len(pair_ids) + 1)
    return [cls_id, *ids, sep_id, *pair_ids, sep_id], segments


def log_counts(task: SentenceTask, split: str, examples: list[Example]):
    """Say how many examples were read, and how many of each label."""
    text = f"{task.name} {split}: {len(examples)} examples"
    if task.labels is not None and split in (TRAIN, DEV):
        counts = collections.Counter(example.label for example in examples)
        text += "; " + ", ".join(
            f"{counts[index]} {label}"
            for index, label in enumerate(task.labels)
        )
    logging.info(text)


def row_error(path: str, row: Row, problem: str) -> DataError:
    """Return the error for a row that cannot be used."""
    return DataError(f"{path}, row {row.number}: {problem}. Read: {row.cells}")
