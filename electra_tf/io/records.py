"""The pre-training TFRecord schema: names, parsing, checking.

One record is a `tf.train.Example` with three int64 lists, each of
`max_seq_length` values, padded with 0 at the end:

    input_ids     ids of [CLS] segment-0 [SEP] segment-1 [SEP]
    input_mask    1 where input_ids holds a token, 0 for padding
    segment_ids   0 up to and with the first [SEP], then 1; 0 for padding

It is the schema of the original ELECTRA, whose files can be read as they are.
Unpadded records say the same in less room:

    input_ids         the ids, as many as there are
    segment0_length   number of them up to and with the first [SEP]

Files may be compressed by gzip. All that is read off the files themselves.
TensorFlow is imported only by the functions that read.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from electra_tf.errors import UserError
from electra_tf.io import files

INPUT_IDS = "input_ids"
INPUT_MASK = "input_mask"
SEGMENT_IDS = "segment_ids"
FEATURES = (INPUT_IDS, INPUT_MASK, SEGMENT_IDS)
SEGMENT0_LENGTH = "segment0_length"

GZIP = "GZIP"
_GZIP_MAGIC = b"\x1f\x8b\x08"
MAGIC_BYTES = len(_GZIP_MAGIC)

FOLDER = "pretrain_tfrecords"
TRAINING_STEM = "pretrain_data.tfrecord"
HELD_OUT_STEM = "held_out_data.tfrecord"

REBUILD = (
    "Build the dataset again with"
    " `python -m data_prep.build_pretraining_dataset`"
)


class RecordsError(UserError):
    """Records that cannot be used as they are."""


class Layout(NamedTuple):
    """Format of files of records."""

    compression: str = ""  # "" for none, or "GZIP".
    padded: bool = True  # Whether all records have the length of the longest.


def shard_name(index: int, count: int, held_out: bool = False) -> str:
    """Return the file name of one shard.

    >>> shard_name(0, 4)
    'pretrain_data.tfrecord-0-of-4'
    """
    stem = HELD_OUT_STEM if held_out else TRAINING_STEM
    return f"{stem}-{index}-of-{count}"


def layout_of(paths: Iterable[str]) -> Layout:
    """Return how some files are written, by the first record that there is."""
    for path in paths:
        record = next(read_records(path), None)
        if record is not None:
            padded = SEGMENT0_LENGTH not in _values(record, path)
            return Layout(_compression(path), padded)
    return Layout()


def is_gzip(beginning: bytes) -> bool:
    """Return whether a file that begins so is compressed."""
    # A file of records that is not begins with the length of the first, which
    # would be more than 500 kB.
    return beginning.startswith(_GZIP_MAGIC)


def _compression(path: str) -> str:
    with files.open_stream(path) as file:
        return GZIP if is_gzip(file.read(MAGIC_BYTES)) else ""


def parse_examples(
    serialized, max_seq_length: int, padded: bool = True
) -> dict:
    """Parse serialized records, string `()` or `(batch,)`; also in `tf.data`.

    Returns int32 tensors `(max_seq_length,)` or `(batch, max_seq_length)`,
    named as in `FEATURES`. Unpadded records are padded.
    """
    import tensorflow as tf

    if not padded:
        return _parse_unpadded(serialized, max_seq_length)
    spec = tf.io.FixedLenFeature([max_seq_length], tf.int64)
    parsed = tf.io.parse_example(serialized, dict.fromkeys(FEATURES, spec))
    return {name: tf.cast(parsed[name], tf.int32) for name in FEATURES}


def _parse_unpadded(serialized, max_seq_length: int) -> dict:
    import tensorflow as tf

    serialized = tf.convert_to_tensor(serialized)
    if not serialized.shape.rank:
        batch = _parse_unpadded(serialized[None], max_seq_length)
        return {name: values[0] for name, values in batch.items()}
    spec = {
        INPUT_IDS: tf.io.RaggedFeature(tf.int64),
        SEGMENT0_LENGTH: tf.io.FixedLenFeature([1], tf.int64),
    }
    parsed = tf.io.parse_example(serialized, spec)
    parsed = {name: tf.cast(parsed[name], tf.int32) for name in spec}
    lengths = tf.cast(parsed[INPUT_IDS].row_lengths(), tf.int32)[:, None]
    fits = tf.debugging.assert_less_equal(lengths, max_seq_length)
    with tf.control_dependencies([fits] if fits is not None else []):
        positions = tf.range(max_seq_length)[None]  # [1, L]
    mask = positions < lengths  # [B, L]
    second = tf.logical_and(mask, positions >= parsed[SEGMENT0_LENGTH])
    shape = [serialized.shape[0], max_seq_length]
    padded = {
        INPUT_IDS: parsed[INPUT_IDS].to_tensor(shape=shape),
        INPUT_MASK: mask,
        SEGMENT_IDS: second,
    }
    return {name: tf.cast(padded[name], tf.int32) for name in FEATURES}


def without_autotuning(dataset):
    """Return a `tf.data.Dataset` whose speed TensorFlow does not tune.

    When an iterator goes, the thread that tunes its dataset is waited for;
    TensorFlow 2.20 sometimes wakes it a minute late, so that a program that
    shall stop does not end.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def check_shards(
    paths: Iterable[str], max_seq_length: int, vocab_size: float = math.inf
) -> None:
    """Look at each file's first record; RecordsError if one does not fit."""
    found = 0
    for path in paths:
        record = next(read_records(path), None)
        if record is not None:
            found += 1
            ids = _checked(record, path, max_seq_length)[INPUT_IDS]
            if max(ids, default=0) >= vocab_size:
                raise RecordsError(
                    f"{path} has the id {max(ids)}, but vocab_size is"
                    f" {vocab_size}. Give the vocabulary that the records were"
                    " built with, by --vocab_file and --vocab_size."
                )
    if not found:
        raise RecordsError(f"The files of records are all empty. {REBUILD}.")


def explain_read_error(
    error: Exception, paths: Iterable[str], max_seq_length: int
) -> RecordsError:
    """Return an error that names the bad file, which TensorFlow does not."""
    try:
        for path in paths:
            for record in read_records(path):
                _checked(record, path, max_seq_length)
    except RecordsError as found:
        return found
    return RecordsError(
        f"Reading the records failed, though all files can be read now: {error}"
    )


def read_records(path: str):
    """Yield a file's serialized records; RecordsError if it is damaged."""
    import tensorflow as tf

    number = 0
    try:
        with files.at_hand([path]) as (here,):
            compression = _compression(here)
            for record in tf.data.TFRecordDataset(here, compression):
                yield record.numpy()
                number += 1
    except (FileNotFoundError, tf.errors.NotFoundError):
        raise FileNotFoundError(f"No file of records at {path}.") from None
    except tf.errors.DataLossError as error:
        raise RecordsError(
            f"{path} is cut short or damaged after {number} whole records"
            f" ({error.message.splitlines()[0]}). Copy it again from where it"
            f" was built. If it is so there too: {REBUILD}."
        ) from None


def _checked(
    record: bytes, path: str, max_seq_length: int
) -> Mapping[str, Sequence[int]]:
    """Return a record's values; RecordsError if it does not fit."""
    values = _values(record, path)
    lengths = {name: len(value) for name, value in values.items()}
    if INPUT_IDS in lengths and SEGMENT0_LENGTH in lengths:
        if lengths[INPUT_IDS] > max_seq_length:
            raise RecordsError(
                f"{path} has records of {lengths[INPUT_IDS]} ids, but"
                f" max_seq_length is {max_seq_length}. Set max_seq_length to"
                f" that of the build, or rebuild: {REBUILD}"
                f" --max_seq_length={max_seq_length}."
            )
        return values
    missing = [name for name in FEATURES if name not in lengths]
    if missing:
        raise RecordsError(
            f"{path} is no file of pre-training records: it lacks the"
            f" features {', '.join(missing)}. Expected"
            f" {', '.join(FEATURES)}; received {sorted(lengths)}."
        )
    for name in FEATURES:
        if lengths[name] != max_seq_length:
            raise RecordsError(
                f"{path} has records of sequence length {lengths[name]}"
                f" ({name}), but max_seq_length is {max_seq_length}. Set"
                f" max_seq_length={lengths[name]}, or rebuild: {REBUILD}"
                f" --max_seq_length={max_seq_length}."
            )
    return values


def _values(record: bytes, path: str) -> Mapping[str, Sequence[int]]:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError:
        raise RecordsError(
            f"{path} holds records that are no tf.train.Example. {REBUILD}."
        ) from None
    return {name: f.int64_list.value for name, f in features.items()}
