"""A build of pre-training records as one would first write it.

It follows the original's rules: read a line, tokenize it, collect lines into
examples of two segments, write each as a `tf.train.Example`. `data_build`
measures `data_prep` against it, with one of `TOKENIZERS`.
"""

import pathlib
import random
from collections.abc import Callable, Iterable, Iterator, Sequence

import tensorflow as tf
import tokenizers

from electra_tf.text import vocabulary
from tests.plain_wordpiece import PlainTokenizer

CLS, SEP = "[CLS]", "[SEP]"
LINES_OF_A_BATCH = 1000

Lines = Iterable[str]
Encode = Callable[[Lines], Iterator[list[int]]]


def plain_python(vocab_file: str) -> Encode:
    """WordPiece in Python, every word anew."""
    tokenizer = PlainTokenizer(_vocab(vocab_file))
    return lambda lines: map(tokenizer.encode, lines)


def hugging_face(vocab_file: str) -> Encode:
    """Hugging Face `tokenizers`, a line at a time."""
    tokenizer = tokenizers.BertWordPieceTokenizer(vocab_file, lowercase=True)

    def encode(lines: Lines) -> Iterator[list[int]]:
        for line in lines:
            yield tokenizer.encode(line, add_special_tokens=False).ids

    return encode


def hugging_face_batches(vocab_file: str) -> Encode:
    """Hugging Face `tokenizers`, 1000 lines at a time, without offsets."""
    bert = tokenizers.BertWordPieceTokenizer(vocab_file, lowercase=True)
    tokenizer = tokenizers.Tokenizer.from_str(bert.to_str())

    def encode(lines: Lines) -> Iterator[list[int]]:
        lines = list(lines)
        for start in range(0, len(lines), LINES_OF_A_BATCH):
            for encoded in tokenizer.encode_batch_fast(
                lines[start : start + LINES_OF_A_BATCH],
                add_special_tokens=False,
            ):
                yield encoded.ids

    return encode


TOKENIZERS = {
    "plain Python": plain_python,
    "tokenizers, line by line": hugging_face,
    "tokenizers, encode_batch_fast": hugging_face_batches,
}


def _vocab(vocab_file: str) -> dict[str, int]:
    return vocabulary.load_vocabulary(vocabulary.read_file(vocab_file))


def build(
    files: Sequence[str],
    output_file: str,
    vocab_file: str,
    encode: Encode,
    max_length: int,
    seed: int,
) -> int:
    """Write the records of some text files; return how many there are."""
    vocab = _vocab(vocab_file)
    builder = Builder(vocab[CLS], vocab[SEP], max_length, random.Random(seed))
    number = 0
    with tf.io.TFRecordWriter(output_file) as writer:
        for file in files:
            text = pathlib.Path(file).read_text("utf-8", "replace")
            lines = [line.strip() for line in text.split("\n")]
            ids_of_lines = encode(lines)
            for line, ids in zip(lines, ids_of_lines, strict=True):
                example = builder.add(ids) if line else builder.finish()
                if example is not None:
                    writer.write(example)
                    number += 1
            example = builder.finish()
            if example is not None:
                writer.write(example)
                number += 1
    return number


class Builder:
    """Collects lines of ids into serialized examples."""

    def __init__(
        self, cls_id: int, sep_id: int, max_length: int, rng: random.Random
    ):
        self.cls_id = cls_id
        self.sep_id = sep_id
        self.max_length = max_length
        self.target = max_length
        self.rng = rng
        self.sentences: list[list[int]] = []
        self.length = 0

    def add(self, ids: list[int]) -> bytes | None:
        """Take one line; return an example if one is full."""
        self.sentences.append(ids)
        self.length += len(ids)
        return self.finish() if self.length >= self.target else None

    def finish(self) -> bytes | None:
        """Return an example of all lines since the last one, if any."""
        if not self.length:
            return None
        first, second = self.split()
        self.sentences, self.length, self.target = [], 0, self.max_length
        if self.rng.random() < 0.05:
            self.target = self.rng.randint(5, self.max_length)
        first = first[: self.max_length - 2]
        second = second[: max(0, self.max_length - len(first) - 3)]
        ids = [self.cls_id, *first, self.sep_id]
        segments = [0] * len(ids)
        if second:
            ids += [*second, self.sep_id]
            segments += [1] * (len(second) + 1)
        return self.serialized(ids, segments)

    def split(self) -> tuple[list[int], list[int]]:
        """Return the ids of the two segments; the second may be empty."""
        room = (self.target - 3) // 2
        if self.rng.random() < 0.1:
            room = 100_000
        first: list[int] = []
        second: list[int] = []
        for ids in self.sentences:
            if (
                not first
                or len(first) + len(ids) < room
                or (
                    not second and len(first) < room and self.rng.random() < 0.5
                )
            ):
                first += ids
            else:
                second += ids
        return first, second

    def serialized(self, ids: list[int], segments: list[int]) -> bytes:
        """Return a padded `tf.train.Example`."""
        padding = [0] * (self.max_length - len(ids))
        features = {
            "input_ids": ids + padding,
            "input_mask": [1] * len(ids) + padding,
            "segment_ids": segments + padding,
        }
        return tf.train.Example(
            features=tf.train.Features(
                feature={
                    name: tf.train.Feature(
                        int64_list=tf.train.Int64List(value=values)
                    )
                    for name, values in features.items()
                }
            )
        ).SerializeToString()
