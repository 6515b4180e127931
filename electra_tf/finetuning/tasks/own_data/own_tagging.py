"""A user's own tagged words: entities or parts of speech; no TensorFlow.

Files have lines `word ... tag`, or are JSON lines or a set of TensorFlow
Datasets with a list of words and a list of tags. Sentences that are too long
are cut between words into several inputs, so that no word is lost.
"""

import functools
import itertools

import numpy as np

from electra_tf.finetuning.tasks import metrics, own_data
from electra_tf.finetuning.tasks.tables import JSON_EXTENSIONS, Record
from electra_tf.finetuning.tasks.tagging import tag_schemes
from electra_tf.finetuning.tasks.tagging.sentence_files import (
    Sentence,
    read_sentences,
)
from electra_tf.finetuning.tasks.tagging.tagging import Tagging
from electra_tf.finetuning.tasks.tagging.word_pieces import (
    all_parts,
    basic_tokenizer,
    pieces_of_words,
)
from electra_tf.finetuning.tasks.task import TEST, TRAIN, DataError, say

# The number of an input is that of its sentence times this, plus its own.
PARTS_PER_SENTENCE = 1000


class OwnTagging(Tagging):
    """The task of `train_file`, `dev_file` and `test_file`."""

    @functools.cached_property
    def scheme(self) -> tag_schemes.Scheme:
        """How the training data writes spans."""
        return tag_schemes.detected(self._raw(TRAIN))

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The tags of the training data."""
        sentences = [self._learnt(sentence) for sentence in self._raw(TRAIN)]
        labels = tag_schemes.all_tags(self.scheme, sentences)
        if len(labels) > 1:
            return labels
        name = self.config.tfds_name or self.config.train_file
        raise DataError(f"{name} must have at least two tags. Read: {labels}")

    @property
    def lower_case_words(self) -> bool:
        """Whether words are lower-cased and stripped of accents."""
        return self.config.do_lower_case

    def _learnt(self, sentence: Sentence) -> Sentence:
        return sentence._replace(tags=self.scheme.learnt_as(sentence.tags))

    def _sentences(self, split: str) -> list[Sentence]:
        if split == TEST:
            # It may have no tags; those it has are not looked at.
            return [
                s._replace(tags=[self.labels[0]] * len(s.words))
                for s in self._raw(split)
            ]
        if split == TRAIN:
            say(
                f"{self.name}: tags are read as {self.scheme.name}; "
                f"{len(self.labels)} are learnt"
            )
        sentences = [self._learnt(s) for s in self._raw(split)]
        unknown = tag_schemes.first_of(
            sentences, lambda tag: tag not in self._number_of
        )
        if unknown:
            raise DataError(
                f"{unknown[0]}: unknown tag {unknown[1]!r}; the training data "
                f"has {', '.join(map(repr, self.labels))}."
            )
        return sentences

    def _raw(self, split: str) -> list[Sentence]:
        config = self.config
        has_tags = split != TEST
        path = config.tfds_name or own_data.file_of(config, split)
        if config.tfds_name is None and not path.endswith(JSON_EXTENSIONS):
            return read_sentences(
                path,
                has_tags,
                config.text_column,
                config.label_column,
                say if split == TRAIN else None,
            )
        table = own_data.read_own_table(config, split)
        settings = ["text_column", *(["label_column"] * has_tags)]
        for setting in settings:
            column = getattr(config, setting)
            if column is None:
                raise DataError(
                    f"{table.name} has the columns {table.columns}; set "
                    f"{' and '.join(settings)} to those of words and tags."
                )
            table.check_column(setting, column)
        tags = config.label_column if has_tags else config.text_column
        return [
            self._of_record(number, record, tags)
            for number, record in enumerate(table.records)
        ]

    def _of_record(self, eid: int, record: Record, tags: str) -> Sentence:
        words, tags = (
            _list_of_text(record, column)
            for column in (self.config.text_column, tags)
        )
        if len(words) != len(tags):
            raise record.error(f"{len(words)} words, but {len(tags)} tags")
        return Sentence(eid, words, tags, record.where)

    def features(self, examples: list[Sentence], tokenizer) -> list[dict]:
        """Tokenize, and cut between words what is too long."""
        basic = basic_tokenizer(
            tokenizer, self.lower_case_words, self.splits_ideographs
        )
        rows = []
        for sentence in examples:
            pieces = pieces_of_words(sentence.words, tokenizer, basic)
            parts = all_parts(pieces, self.config.max_seq_length)
            if len(parts) > PARTS_PER_SENTENCE:
                raise DataError(
                    f"{sentence.where}: a sentence of {len(sentence.words)} "
                    f"words; expected at most {PARTS_PER_SENTENCE} inputs of "
                    "max_seq_length. Is an empty line missing between "
                    "sentences?"
                )
            tags = iter(sentence.tags)
            first = sentence.eid * PARTS_PER_SENTENCE
            rows += [
                self._features(
                    part,
                    [*itertools.islice(tags, len(part.positions))],
                    first + number,
                )
                for number, part in enumerate(parts)
            ]
        return rows

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return scores of entities or else of words, and a word's loss."""
        outputs = joined_parts(outputs)
        loss = {"loss": metrics.word_loss(outputs)}
        if not self.scheme.positions:
            return {**metrics.word_accuracy(outputs), **loss}
        gold, predicted = (
            [
                [self.labels[label] for label in row]
                for row in metrics.of_words(outputs[name], outputs)
            ]
            for name in ("label_ids", "predictions")
        )
        return {**metrics.entity_f1(gold, predicted), **loss}

    def predictions(self, outputs: dict, source=None) -> list[tuple]:
        """Return the tags of each sentence, with blanks between them."""
        return super().predictions(joined_parts(outputs))


def _list_of_text(record: Record, column: str) -> list[str]:
    values = record.value(column)
    good = isinstance(values, list) and all(
        isinstance(value, str) and value.strip() for value in values
    )
    if not good or not values:
        raise record.error(f"column {column!r} must hold a list of words")
    return values


def joined_parts(outputs: dict) -> dict:
    """Return the words' outputs of whole sentences, from those of inputs."""
    sentence = np.asarray(outputs["eid"]) // PARTS_PER_SENTENCE
    numbers, first = np.unique(sentence, return_index=True)
    places = [*zip(first, [*first[1:], len(sentence)], strict=True)]
    joined = {"eid": numbers, "loss": outputs["loss"]}
    for name in ("predictions", "label_ids", "labels_mask"):
        rows = metrics.of_words(outputs[name], outputs)
        joined[name] = [np.concatenate(rows[a:b]) for a, b in places]
    return joined
