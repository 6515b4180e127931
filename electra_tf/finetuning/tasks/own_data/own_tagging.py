"""A user's own tagged words: entities or parts of speech; no TensorFlow.

Files have lines `word ... tag`, or are tables or a set of TensorFlow Datasets
with a list of words and a list of tags. Sentences that are too long are cut
between words into several inputs, so that no word is lost.
"""

import functools
import itertools
import re

import numpy as np

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import metrics, own_data, schema
from electra_tf.finetuning.tasks.own_data.label_names import LabelNames
from electra_tf.finetuning.tasks.rows import Record, RowError, kept
from electra_tf.finetuning.tasks.schema import Field, Type
from electra_tf.finetuning.tasks.tables import form_of
from electra_tf.finetuning.tasks.tagging import tag_schemes, word_pieces
from electra_tf.finetuning.tasks.tagging.sentence_files import (
    Sentence,
    read_sentences,
)
from electra_tf.finetuning.tasks.tagging.tagging import Tagging
from electra_tf.finetuning.tasks.task import TEST, TRAIN, DataError, say
from electra_tf.finetuning.tasks.text_files import read_text, shown
from electra_tf.io import listing

# The number of an input is that of its sentence times this, plus its own.
PARTS_PER_SENTENCE = 1000
_WORDS = Field("text", schema.TEXTS, "the words of a sentence")
_LIST_OF_TAGS = "a list of words, none of them empty"
# A list in a cell, as JSON or Python writes it.
_WRITTEN_LIST = re.compile(r"""\[(?:'|""|"[^,;\t|])""")


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
        name = own_data.name_of(self.config, TRAIN)
        raise DataError(f"{name} must have at least two tags. Read: {labels}")

    @property
    def lower_case_words(self) -> bool:
        """Whether words are lower-cased and stripped of accents."""
        return self.config.do_lower_case

    @property
    def span_rule(self) -> str:
        """How spans are read from tags, a row of `tag_schemes.SPAN_RULES`."""
        return "entities" if self.scheme.positions else "words"

    @functools.cached_property
    def _old(self) -> own_data.Learnt:
        return own_data.Learnt()

    def examples(self, split: str) -> list[Sentence]:
        """Read a split; see `Task.examples`."""
        found = super().examples(split)
        self._old.tell(self.name, split, (tuple(s.words) for s in found))
        return found

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
            self._say_how_it_is_read()
        known = {*self.labels}

        def checked(number: int, record: Record) -> Sentence:
            learnt = self._learnt(record.values["sentence"])
            unknown = tag_schemes.first_of([learnt], lambda t: t not in known)
            if unknown:
                raise RowError(
                    unknown[0],
                    f"unknown tag {unknown[1]!r}; the training data has "
                    f"{', '.join(map(repr, self.labels))}",
                )
            return learnt

        return self._kept(split, self._raw(split), checked)

    def _say_how_it_is_read(self):
        scheme, first = self.scheme, self._raw(TRAIN)[0]
        say(
            f"{self.name}: tags are read as {scheme.name}; {len(self.labels)} "
            f"are learnt{scheme.example and '; '}{scheme.example}"
        )
        pairs = [*zip(first.words, first.tags, strict=True)]
        say(f"{self.name}: the first sentence as it is read: {shown(pairs)}")
        types = {tag[2:] if scheme.positions else tag for tag in self.labels}
        for doubt in own_data.doubts(types):
            say(f"{self.name}: {doubt}.")

    def _raw(self, split: str) -> list[Sentence]:
        """Return a split's sentences, with tags as they are; read once."""
        if split not in self._read:
            found = self._read_split(split, say)
            if split != TEST and self.config.names_of_labels:
                found = self._with_names(split, found)
            self._read[split] = found
        return self._read[split]

    @functools.cached_property
    def _read(self) -> dict[str, list[Sentence]]:
        return {}

    def _read_split(self, split: str, tell) -> list[Sentence]:
        config, has_tags = self.config, split != TEST
        if config.tfds_name or _is_table(own_data.file_of(config, split)):
            return self._of_table(split, tell)
        path = own_data.file_of(config, split)
        return read_sentences(
            path,
            has_tags,
            config.text_column,
            config.label_column,
            tell,
            delimiter=config.between_columns,
            usual="," if form_of(path) == "csv" else None,
            skip_bad=config.skip_bad_rows,
        )

    @functools.cached_property
    def _names(self) -> LabelNames:
        def learnt():
            found = self._read_split(TRAIN, lambda text: None)
            return (tag for sentence in found for tag in sentence.tags)

        name = own_data.name_of(self.config, TRAIN)
        return LabelNames(self.config.names_of_labels, learnt, name)

    def _with_names(self, split: str, found: list[Sentence]) -> list[Sentence]:
        """Return sentences whose tags have the names in `label_names`."""

        def named(number: int, record: Record) -> Sentence:
            sentence = record.values["sentence"]
            tags = [record.parsed(self._names, tag) for tag in sentence.tags]
            return sentence._replace(tags=tags)

        return self._kept(split, found, named)

    def _kept(self, split: str, found: list[Sentence], make) -> list[Sentence]:
        records = [Record(s.where, {"sentence": s}) for s in found]
        path = own_data.name_of(self.config, split)
        return kept(records, make, self.config.skip_bad_rows, path)

    def _of_table(self, split: str, tell) -> list[Sentence]:
        def made(number: int, values: dict, record: Record) -> Sentence:
            words = values["text"]
            tags = values.get("label", words)
            if len(words) != len(tags):
                raise record.error(f"{len(words)} words, but {len(tags)} tags")
            return Sentence(number, words, tags, record.where)

        type_ = Type(_LIST_OF_TAGS, self._tags)
        fields = (_WORDS, Field("label", type_, "the tags, one a word"))
        return own_data.rows_of(self.config, split, fields, made, tell)

    def _tags(self, value) -> list[str]:
        """Return the tags of a list; those of numbers must be given."""
        tags = schema.texts(value, schema.label)
        if any(map(str.isdecimal, tags)) and not self.config.names_of_labels:
            raise UserError(
                f"the tags are numbers, {shown(value)}; give their names by "
                "label_names, as in --label_names=O,B-PER,I-PER"
            )
        return tags

    def features(self, examples: list[Sentence], tokenizer) -> list[dict]:
        """Tokenize, and cut between words what is too long."""
        basic = word_pieces.basic_tokenizer(
            tokenizer, self.lower_case_words, self.splits_ideographs
        )
        rows = []
        for sentence in examples:
            pieces = word_pieces.pieces_of_words(
                sentence.words, tokenizer, basic
            )
            parts = word_pieces.all_parts(pieces, self.config.max_seq_length)
            if len(parts) > PARTS_PER_SENTENCE:
                raise DataError(
                    f"{sentence.where}: a sentence of {len(sentence.words)} "
                    f"words; expected at most {PARTS_PER_SENTENCE} inputs of "
                    "max_seq_length. Is an empty line missing between "
                    "sentences?"
                )
            tags = iter(sentence.tags)
            first = sentence.eid * PARTS_PER_SENTENCE
            found = [
                self._features(
                    part,
                    [*itertools.islice(tags, len(part.positions))],
                    first + number,
                )
                for number, part in enumerate(parts)
            ]
            found[0]["bare"] = pieces.bare
            rows += found
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
        scores = metrics.entity_f1(gold, predicted)
        scores.pop("f1__", None)  # Of spans without types, the same again.
        return {**scores, **loss}

    def predictions(self, outputs: dict, source=None) -> list[tuple]:
        """Return the tags of each sentence, with blanks between them."""
        return super().predictions(joined_parts(outputs))


def _is_table(path: str) -> bool:
    """Return whether a file has lists of words, not a word a line."""
    form = form_of(path)
    if form in ("json", "parquet") or listing.is_folder(path):
        return True
    if form not in ("csv", "tsv"):
        return False
    _, _, below = read_text(path).partition("\n")
    return _WRITTEN_LIST.search(below.partition("\n")[0]) is not None


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
