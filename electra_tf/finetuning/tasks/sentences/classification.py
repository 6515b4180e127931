"""Tasks about one sentence or a pair of them; no TensorFlow."""

import abc
import typing

from absl import logging

from electra_tf.finetuning.tasks import metrics
from electra_tf.finetuning.tasks.sentences.targets import (
    Labels,
    LabelSets,
    RegressionTarget,
)
from electra_tf.finetuning.tasks.task import (
    TRAIN,
    FeatureSpec,
    HeadSpec,
    Task,
    say,
)


class Example(typing.NamedTuple):
    """A sentence, or a pair of them, with its label.

    `eid` is its number in the split, `label` a parsed value of the target.
    """

    eid: int
    text: str
    text_pair: str | None
    label: float | tuple[int, ...]


class SentenceTask(Task):
    """A task whose input is [CLS] text [SEP], or with text_pair [SEP].

    Subclasses read the files.
    """

    targets: Labels | LabelSets | RegressionTarget
    metric_names: tuple[str, ...] = ("accuracy",)  # Rows of `metrics.METRICS`.

    @property
    @abc.abstractmethod
    def has_pairs(self) -> bool:
        """Whether training examples have a second text."""

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The labels; None for a regression."""
        return self.targets.names

    @property
    def scale(self) -> tuple[float, float] | None:
        """The numbers that are learnt as 0 and 1; None for labels."""
        return self.targets.scale

    @property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """Number of the example, and its label."""
        label = self.targets.feature
        return (
            FeatureSpec(f"{self.name}_eid"),
            label._replace(name=f"{self.name}_{label.name}"),
        )

    @property
    def head(self) -> HeadSpec:
        """A linear layer on the first token's vector."""
        return self.targets.head

    def features(self, examples: list[Example], tokenizer) -> list[dict]:
        """Tokenize, and cut what is too long."""
        rows, most = [], self.config.max_seq_length
        for example in examples:
            texts = example.text, example.text_pair or ""
            row = pair_input(*map(tokenizer.encode, texts), most, tokenizer)
            row[f"{self.name}_eid"] = example.eid
            row[f"{self.name}_{self.targets.feature.name}"] = example.label
            rows.append(row)
        return rows

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return the task's metrics and the mean loss."""
        return metrics.score(self.metric_names, outputs)

    def constant_loss(self, examples: list[Example]) -> float:
        """See `Task.constant_loss`."""
        return self.targets.constant_loss([e.label for e in examples])

    def predictions(self, outputs: dict, source=None) -> list[tuple]:
        """Return labels, or numbers on the scale of the raw data."""
        return [
            (int(eid), self.targets.as_text(value), raw.tolist())
            for eid, value, raw in zip(
                outputs["eid"],
                outputs["predictions"],
                outputs[self.targets.scores],
                strict=True,
            )
        ]

    def log(self, split: str, examples: list[Example]) -> None:
        """Say how many examples were read, and how many of each label."""
        text = f"{self.name} {split}: {len(examples)} examples"
        if split not in self.test_splits:
            labels = [example.label for example in examples]
            text += f"; {self.targets.described(labels)}"
            warning = self.targets.warning(labels)
            if split == TRAIN and warning:
                logging.warning(f"{self.name} {split}: {warning}.")
        say(text)


def pair_input(ids: list[int], pair_ids: list[int], most: int, tokenizer):
    """Return the input of a text or a pair, of `most` tokens at the most.

    A dict of input_ids, segment_ids, and `cut`, whether tokens were lost.
    """
    input_ids, segment_ids = joined(
        ids, pair_ids, most, tokenizer.cls_id, tokenizer.sep_id
    )
    num_special = 3 if pair_ids else 2
    cut = len(ids) + len(pair_ids) + num_special > len(input_ids)
    return {"input_ids": input_ids, "segment_ids": segment_ids, "cut": cut}


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
