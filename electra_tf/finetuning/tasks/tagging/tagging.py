"""Tagging of words: text chunking; no TensorFlow.

Tags are read as spans, and learnt in the BIOES scheme.

Words are lower-cased and stripped of accents whatever `do_lower_case` says, as
in the released code. With `released_tagging` the rest of its ways are kept
too:

* sentences are cut much too early, some to nothing; labels beyond the cut stay
* the words [CLS] and [SEP] have no label, which shifts those of later words
* the reported mean loss is twice what it is
"""

import abc
import collections
import functools
import os

from electra_tf.configs import fields
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import metrics
from electra_tf.finetuning.tasks.metrics import entropy, shares
from electra_tf.finetuning.tasks.tagging import tag_schemes, word_pieces
from electra_tf.finetuning.tasks.tagging.sentence_files import (
    Sentence,
    read_sentences,
)
from electra_tf.finetuning.tasks.task import (
    DEV,
    TEST,
    TRAIN,
    DataError,
    FeatureSpec,
    HeadSpec,
    Task,
    say,
)
from electra_tf.io import files

DEBUG_SENTENCES = 101  # To read in debug mode.


class Tagging(Task):
    """A tag for each word, learnt at its first piece."""

    labels: tuple[str, ...]  # The tags.
    lower_case_words = True  # Whatever do_lower_case says, as released.
    span_rule = "released"  # A row of `tag_schemes.SPAN_RULES`.

    @property
    def splits_ideographs(self) -> bool:
        """Whether words are cut at ideographs, as running text is."""
        return not self.config.released_tagging

    @property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """Labels, and where the words stand that they belong to."""
        return (
            FeatureSpec(f"{self.name}_eid"),
            FeatureSpec(f"{self.name}_labels", per_token=True),
            FeatureSpec(f"{self.name}_labels_mask", "float32", per_token=True),
            FeatureSpec(f"{self.name}_labeled_positions", per_token=True),
        )

    @property
    def head(self) -> HeadSpec:
        """A linear layer on the vectors of the words' first pieces."""
        return HeadSpec("tagging", len(self.labels))

    def examples(self, split: str) -> list[Sentence]:
        """Read a split; see `Task.examples`."""
        sentences = self._sentences(split)
        words = sum(len(sentence.words) for sentence in sentences)
        counts = collections.Counter(t for s in sentences for t in s.tags)
        say(
            f"{self.name} {split}: {len(sentences)} sentences, {words} words; "
            f"{shares(counts, words)}"
        )
        return sentences

    @abc.abstractmethod
    def _sentences(self, split: str) -> list[Sentence]:
        """Read a split's sentences, with tags as they are learnt."""

    def constant_loss(self, examples: list[Sentence]) -> float:
        """See `Task.constant_loss`; of a sentence, the sum over its words."""
        counts = collections.Counter(t for s in examples for t in s.tags)
        return entropy(counts.values()) * counts.total() / len(examples)

    def _features(
        self, placed: word_pieces.Placed, tags: list[str], eid: int
    ) -> dict:
        return {
            "input_ids": placed.input_ids,
            # The released code has 1 here, as for no other single sentences.
            "segment_ids": [1] * len(placed.input_ids),
            f"{self.name}_eid": eid,
            f"{self.name}_labels": [self._number_of[tag] for tag in tags],
            f"{self.name}_labels_mask": [1.0] * len(placed.positions),
            f"{self.name}_labeled_positions": placed.positions,
        }

    @functools.cached_property
    def _number_of(self) -> dict[str, int]:
        return {tag: number for number, tag in enumerate(self.labels)}

    def predictions(self, outputs: dict, source=None) -> list[tuple]:
        """Return the tags of each sentence, with blanks between them."""
        return [
            (int(eid), " ".join(self.labels[i] for i in tags), [])
            for eid, tags in zip(
                outputs["eid"],
                metrics.of_words(outputs["predictions"], outputs),
                strict=True,
            )
        ]


class Chunking(Tagging):
    """Finds the phrases of a sentence."""

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The tags of all splits that are there, sorted."""
        tags = {
            tag
            for split in (TRAIN, DEV, TEST)
            if files.exists(self._path(split))
            for sentence in self._sentences(split)
            for tag in sentence.tags
        }
        if not tags:
            raise FileNotFoundError(f"No data file at {self._path(TRAIN)}.")
        return tuple(sorted(tags))

    def _path(self, split: str) -> str:
        folder = fields.filled(self.config.raw_data_dir, self.name)
        return os.path.join(folder, f"{split}.txt")

    def _sentences(self, split: str) -> list[Sentence]:
        self.check_source()
        most = DEBUG_SENTENCES if self.config.debug else None
        sentences = []
        for sentence in read_sentences(self._path(split))[:most]:
            try:
                tags = tag_schemes.bioes(sentence.tags)
            except UserError as error:
                raise DataError(f"{sentence.where}: {error}") from None
            sentences.append(sentence._replace(tags=tags))
        return sentences

    def features(self, examples: list[Sentence], tokenizer) -> list[dict]:
        """Tokenize, and cut what is too long."""
        config = self.config
        basic = word_pieces.basic_tokenizer(
            tokenizer, splits_ideographs=self.splits_ideographs
        )
        released, most = config.released_tagging, config.max_seq_length
        fit = word_pieces.released_cut if released else word_pieces.what_fits
        rows = []
        for sentence in examples:
            pieces = word_pieces.pieces_of_words(
                sentence.words, tokenizer, basic, label_all=not released
            )
            placed = fit(pieces, most)
            tags = sentence.tags[: most if released else len(placed.positions)]
            row = self._features(placed, tags, sentence.eid)
            cut = len(placed.positions) < len(sentence.words)
            rows.append({**row, "cut": cut, "bare": pieces.bare})
        return rows

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return F1, precision and recall of spans, and the loss of a word."""
        scores = metrics.span_f1(outputs, self.labels)
        released = self.config.released_tagging
        return {**scores, "loss": metrics.word_loss(outputs, released)}
