"""Tagging of words: text chunking; no TensorFlow.

Files have one word a line, `word POS tag`, and an empty line after each
sentence, as those of CoNLL-2000. Tags are read as spans, and learnt in the
BIOES scheme.

A word is labelled at its first piece. Words are lower-cased and stripped of
accents whatever `do_lower_case` says, as in the released code. With
`released_tagging` the rest of its ways are kept too:

* sentences are cut much too early, some to nothing; labels beyond the cut stay
* the words [CLS] and [SEP] have no label, which shifts those of later words
* the reported mean loss is twice what it is
"""

import functools
import os
import typing

from absl import logging

from electra_tf.finetuning import metrics, spans
from electra_tf.finetuning.task import (
    DEV,
    TEST,
    TRAIN,
    DataError,
    FeatureSpec,
    HeadSpec,
    Task,
)
from electra_tf.tokenization import CLS, SEP, BasicTokenizer

DEBUG_SENTENCES = 101  # To read in debug mode.
DOCUMENT_START = "-DOCSTART-"


class Sentence(typing.NamedTuple):
    """A sentence with its tags.

    Attributes:
        eid: int, its number in the split.
        words: list of str.
        tags: list of str, in the BIOES scheme.
    """

    eid: int
    words: list[str]
    tags: list[str]


class Chunking(Task):
    """Finds the phrases of a sentence."""

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The tags of all splits that are there, sorted."""
        splits = [
            s for s in (TRAIN, DEV, TEST) if os.path.exists(self._path(s))
        ]
        tags = {
            tag
            for split in splits
            for sentence in self._read(split)
            for tag in sentence.tags
        }
        if not tags:
            raise FileNotFoundError(f"No data file at {self._path(TRAIN)}.")
        return tuple(sorted(tags))

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
        sentences = self._read(split)
        words = sum(len(sentence.words) for sentence in sentences)
        logging.info(
            f"{self.name} {split}: {len(sentences)} sentences, {words} words"
        )
        return sentences

    def _path(self, split: str) -> str:
        folder = self.config.raw_data_dir.format(self.name)
        return os.path.join(folder, f"{split}.txt")

    def _read(self, split: str) -> list[Sentence]:
        most = DEBUG_SENTENCES if self.config.debug else None
        return read_sentences(self._path(split), most)

    def features(self, examples: list[Sentence], tokenizer) -> list[dict]:
        """Tokenize, and cut what is too long."""
        place = _released_words if self.config.released_tagging else _words
        number_of = {tag: i for i, tag in enumerate(self.labels)}
        rows, cut = [], 0
        for sentence in examples:
            pieces = pieces_of_words(sentence.words, tokenizer, place is _words)
            placed = place(pieces, self.config.max_seq_length)
            cut += len(sentence.words) - len(placed.positions)
            tags = sentence.tags[: placed.most_labels]
            rows.append(
                self._features(placed, [number_of[t] for t in tags], sentence)
            )
        if cut:
            logging.warning(
                "%s: %d words have no label, because their sentences are "
                "longer than max_seq_length %d",
                self.name,
                cut,
                self.config.max_seq_length,
            )
        return rows

    def _features(self, placed: "Placed", labels, sentence) -> dict:
        return {
            "input_ids": placed.input_ids,
            # The released code has 1 here, as for no other single sentences.
            "segment_ids": [1] * len(placed.input_ids),
            f"{self.name}_eid": sentence.eid,
            f"{self.name}_labels": labels,
            f"{self.name}_labels_mask": [1.0] * len(placed.positions),
            f"{self.name}_labeled_positions": placed.positions,
        }

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return F1, precision and recall of spans, and the loss of a word."""
        scores = metrics.span_f1(outputs, self.labels)
        released = self.config.released_tagging
        return {**scores, "loss": metrics.word_loss(outputs, released)}

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


def read_sentences(path: str, most: int | None = None) -> list[Sentence]:
    """Read the sentences of a file.

    Args:
        path: str.
        most: int, how many sentences to read; None for all.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it holds no sentence, or a line is not as expected.
    """
    try:
        with open(path, encoding="utf-8") as file:
            sentences = _parse(file, path)
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(
            f"No data file at {path}. Expected lines `word POS tag` and an "
            "empty line after each sentence, as in CoNLL-2000."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}.") from None
    if not sentences:
        raise DataError(f"{path} holds no sentence.")
    return sentences[:most]


def _parse(file, path: str) -> list[Sentence]:
    sentences, words, tags = [], [], []
    # The empty line at the end is often left out.
    for number, line in enumerate((*file, "\n"), 1):
        cells = line.split()
        if cells[:1] == [DOCUMENT_START]:
            continue
        if cells:
            words.append(cells[0])
            tags.append(_checked(cells, f"{path}, line {number}"))
        elif words:
            sentences.append(Sentence(len(sentences), words, spans.bioes(tags)))
            words, tags = [], []
    return sentences


def _checked(cells: list[str], where: str) -> str:
    """Return the tag of a line, which must be one."""
    if len(cells) < 2:
        raise DataError(
            f"{where}: expected a word, other columns and a tag. Read: {cells}"
        )
    try:
        spans.decoded([cells[-1]])
    except ValueError as error:
        raise DataError(f"{where}: {error}") from None
    return cells[-1]


class Placed(typing.NamedTuple):
    """A sentence as an input.

    Attributes:
        input_ids: list of int.
        positions: list of int, where the labelled words begin.
        most_labels: int, how many labels to keep.
    """

    input_ids: list[int]
    positions: list[int]
    most_labels: int


class Pieces(typing.NamedTuple):
    """The pieces of a sentence's words.

    Attributes:
        words: list of lists of int, the ids of each word's pieces.
        labelled: list of bool, which of the words have a label.
        cls_id: int.
        sep_id: int.
    """

    words: list[list[int]]
    labelled: list[bool]
    cls_id: int
    sep_id: int


# Words of a file are not cut at ideographs, other than in running text.
_BASIC = BasicTokenizer(split_ideographs=False)


def pieces_of_words(
    words: list[str], tokenizer, label_all: bool = True
) -> Pieces:
    """Cut words into pieces; those that say [CLS] or [SEP] stay whole.

    Args:
        words: list of str.
        tokenizer: `electra_tf.tokenization.Tokenizer`.
        label_all: bool, whether [CLS] and [SEP] have labels too; then they are
            cut like any other word.
    """
    special = () if label_all else (CLS, SEP)
    cleaned = [_BASIC.cleaned(word) for word in words]
    return Pieces(
        words=[
            tokenizer.encode_words(
                [word] if word in special else _BASIC.words(word)
            )
            for word in cleaned
        ],
        labelled=[word not in special for word in cleaned],
        cls_id=tokenizer.cls_id,
        sep_id=tokenizer.sep_id,
    )


def _words(pieces: Pieces, max_length: int) -> Placed:
    """Keep what fits."""
    ids, positions = [pieces.cls_id], []
    for word in pieces.words:
        # A word without pieces is labelled at what follows.
        positions.append(len(ids))
        ids += word
    last = max_length - 1
    if len(ids) > last:
        positions = [p for p in positions if p < last]
    positions = positions[:max_length]
    return Placed(
        [*ids[:last], pieces.sep_id], positions, most_labels=len(positions)
    )


def _released_words(pieces: Pieces, max_length: int) -> Placed:
    """Keep what the released code keeps.

    Before each word it adds the number of the sentence's words, not that of
    the word's pieces, to what it has, to see whether there is room.

    Raises:
        DataError: where the released code crashes.
    """
    ids, positions = [], []
    words = [[pieces.cls_id], *pieces.words, [pieces.sep_id]]
    labelled = [False, *pieces.labelled, False]
    for word, has_label in zip(words, labelled, strict=True):
        if len(words) + len(ids) + 1 > max_length:
            ids.append(pieces.sep_id)
            break
        if has_label:
            positions.append(len(ids))
        ids += word
    if len(ids) > max_length:
        raise DataError(
            f"A sentence has {len(ids)} tokens after the released code's "
            f"cut; expected at most max_seq_length {max_length}. Turn off "
            "released_tagging."
        )
    return Placed(ids, positions, most_labels=max_length)
