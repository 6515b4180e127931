"""The interface of a fine-tuning task; no TensorFlow.

A task reads its examples, turns them into features, names the head that
predicts its labels and scores the predictions. All of them stand in
`electra_tf.finetuning.tasks.task_table`.
"""

import abc
import sys
import types
import typing
from collections.abc import Mapping

from electra_tf.errors import UserError

TRAIN, DEV, TEST = "train", "dev", "test"


class DataError(UserError):
    """Raw data that cannot be used as it is; the message says where."""


def say(text: str) -> None:
    """Tell the user about the data, on stderr."""
    print(text, file=sys.stderr, flush=True)


class FeatureSpec(typing.NamedTuple):
    """One feature of an example: a number, or a list along the tokens.

    Lists (`per_token`) are padded with 0.
    """

    name: str
    dtype: str = "int32"
    per_token: bool = False


class HeadSpec(typing.NamedTuple):
    """The layer that predicts a task's labels."""

    kind: str  # Its row in `electra_tf.finetuning.heads.HEADS`.
    size: int  # How many numbers it predicts.
    # What else the layer is made of.
    options: Mapping = types.MappingProxyType({})


class Source(typing.NamedTuple):
    """The examples that a split's inputs were made of, and the tokenizer."""

    examples: list
    tokenizer: typing.Any


class Task(abc.ABC):
    """One task.

    Args:
        name: str, also a part of the names of features and variables.
        config: `FinetuningConfig`.
    """

    test_splits: tuple[str, ...] = (TEST,)

    def __init__(self, name: str, config):
        self.name = name
        self.config = config

    def check_source(self) -> None:
        """Raise a `UserError` for a task that only files have."""
        if self.config.source != "files":
            raise UserError(
                f"{self.name} is read from files alone. Received: source "
                f"{self.config.source!r}. Use --source=files."
            )

    @property
    @abc.abstractmethod
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """The features that this task adds to those of every task."""

    @property
    @abc.abstractmethod
    def head(self) -> HeadSpec:
        """The head to put on the encoder."""

    @abc.abstractmethod
    def examples(self, split: str) -> list:
        """Read a split's examples: "train", "dev" or one of `test_splits`.

        Raises:
            FileNotFoundError: when the raw data is not there.
            DataError: when it cannot be used; says where it goes wrong.
        """

    @abc.abstractmethod
    def features(self, examples: list, tokenizer) -> list[dict]:
        """Return the inputs of some of a split's examples.

        Each is a dict with `input_ids`, `segment_ids` (lists as long as the
        input) and `feature_specs`.
        """

    @abc.abstractmethod
    def score(
        self, outputs: dict, source: Source | None = None
    ) -> dict[str, float]:
        """Return metrics by name, the most important one first.

        Args:
            outputs: dict of arrays `(examples, ...)`: what the head returned
                for every input of a split.
            source: `Source` of these inputs; not all tasks need it.
        """

    def write_details(
        self, outputs: dict, source: Source, scores: dict[str, float]
    ) -> None:
        """Write files of what was scored, for tasks that have some.

        The arguments are those of `score`, and what it returned.
        """
        return

    def result_files(self) -> list[tuple[str, str]]:
        """Return pairs of a setting and a file of `write_details`."""
        return []

    def remark(self, examples: list, tokenizer) -> str:
        """Return what training examples cannot teach, in a line; "" for all."""
        return ""

    def constant_loss(self, examples: list) -> float | None:
        """Return the least mean loss of always predicting the same.

        Training that does not get below it has not learnt anything. None
        where there is no such number.
        """
        return None

    def submission(
        self, split: str, outputs: dict, source: Source
    ) -> dict[str, str]:
        """Return the files that the benchmark's site takes, text by name."""
        return {}

    @abc.abstractmethod
    def predictions(
        self, outputs: dict, source: Source | None = None
    ) -> list[tuple] | dict[str, str]:
        """Return predictions for a test set, from the arguments of `score`.

        A tuple for each example: its number (int), the prediction as text in
        the raw data's terms, and what the head computed, as floats. Or a dict
        from the examples' names to predictions, where they have names.
        """
