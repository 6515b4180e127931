"""A user's own sentences or pairs; what is learnt is in the training data.

No TensorFlow.
"""

import functools

from electra_tf.finetuning.tasks import metrics, own_data
from electra_tf.finetuning.tasks.sentences.classification import (
    Example,
    SentenceTask,
)
from electra_tf.finetuning.tasks.sentences.targets import (
    Labels,
    LabelSets,
    RegressionTarget,
    finite,
)
from electra_tf.finetuning.tasks.tables import Record, Table
from electra_tf.finetuning.tasks.task import TEST, TRAIN, DataError


class OwnSentences(SentenceTask):
    """The task of `train_file`, `dev_file` and `test_file`."""

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        table = self._table(split)
        examples = [
            self._example(number, record, split)
            for number, record in enumerate(table.records)
        ]
        self.log(split, examples)
        return examples

    def _table(self, split: str) -> Table:
        table = own_data.read_own_table(self.config, split)
        for setting in ("text_column", "text_pair_column", "label_column"):
            column = getattr(self.config, setting)
            needed = split != TEST or setting != "label_column"
            if column is not None and needed:
                table.check_column(setting, column)
        return table

    def _example(self, number: int, record: Record, split: str) -> Example:
        config = self.config
        pair = config.text_pair_column
        return Example(
            eid=number,
            text=record.text(config.text_column),
            text_pair=None if pair is None else record.text(pair),
            label=self.targets.blank
            if split == TEST
            else record.parsed(self.targets.parse, self._raw_label(record)),
        )

    def _raw_label(self, record: Record):
        return record.text(self.config.label_column)

    def _training_labels(self, parse=str) -> list:
        return [
            record.parsed(parse, self._raw_label(record))
            for record in self._table(TRAIN).records
        ]

    def _two_or_more(self, what: str, found: list) -> list:
        if len(found) > 1:
            return found
        name = self.config.tfds_name or self.config.train_file
        raise DataError(
            f"{name} must have at least two {what} in column "
            f"{self.config.label_column!r}. Read: {found}"
        )


class OwnClassification(OwnSentences):
    """One label for each text or pair."""

    metric_names = ("accuracy", "macro_f1", "mcc")

    @functools.cached_property
    def targets(self) -> Labels:
        """The labels of the training data, sorted."""
        labels = sorted(set(self._training_labels()))
        return Labels(tuple(self._two_or_more("labels", labels)))


class OwnMultilabel(OwnSentences):
    """Any number of labels for each text or pair."""

    metric_names = ("label_f1",)

    @functools.cached_property
    def targets(self) -> LabelSets:
        """The labels of the training data, sorted."""
        separator = self.config.label_separator
        found = self._training_labels(LabelSets((), separator).split)
        labels = sorted({name for names in found for name in names})
        return LabelSets(tuple(self._two_or_more("labels", labels)), separator)

    def _example(self, number: int, record: Record, split: str) -> Example:
        example = super()._example(number, record, split)
        most = self.config.max_seq_length
        if len(example.label) > most:
            raise record.error(
                f"{len(example.label)} labels; expected at most max_seq_length "
                f"{most}"
            )
        return example

    def _raw_label(self, record: Record):
        return record.value(self.config.label_column)


class OwnRegression(OwnSentences):
    """A number for each text or pair."""

    metric_names = ("correlations",)

    @functools.cached_property
    def targets(self) -> RegressionTarget:
        """A scale from the least to the largest number of the training data."""
        numbers = sorted(set(self._training_labels(finite)))
        low, *_, high = self._two_or_more("numbers", numbers)
        return RegressionTarget(low, high)

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return correlations; then errors in the units of the data."""
        span = self.targets.high - self.targets.low
        scores = super().score(outputs, source)
        loss = {"loss": scores.pop("loss")}
        return {**scores, **metrics.errors(outputs, span), **loss}
