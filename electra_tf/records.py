"""The pre-training TFRecord schema: names, writing, parsing, checking.

One record is a `tf.train.Example` with three int64 lists, each of
`max_seq_length` values, padded with 0 at the end:

    input_ids     ids of [CLS] segment-0 [SEP] segment-1 [SEP]
    input_mask    1 where input_ids holds a token, 0 for padding
    segment_ids   0 up to and with the first [SEP], then 1; 0 for padding

It is the schema of the original ELECTRA, whose files can be read as they are.
TensorFlow is imported only by the functions that read.
"""

import pathlib
import re
from collections.abc import Iterable, Sequence

INPUT_IDS = "input_ids"
INPUT_MASK = "input_mask"
SEGMENT_IDS = "segment_ids"
FEATURES = (INPUT_IDS, INPUT_MASK, SEGMENT_IDS)

FOLDER = "pretrain_tfrecords"
TRAINING_STEM = "pretrain_data.tfrecord"
HELD_OUT_STEM = "held_out_data.tfrecord"

REBUILD = (
    "Build the dataset again with"
    " `python -m data_prep.build_pretraining_dataset`"
)


class RecordsError(ValueError):
    """Records that cannot be used as they are."""


# ---- Names ----------------------------------------------------------------


def shard_name(index: int, count: int, held_out: bool = False) -> str:
    """Return the file name of one shard.

    >>> shard_name(0, 4)
    'pretrain_data.tfrecord-0-of-4'
    """
    stem = HELD_OUT_STEM if held_out else TRAINING_STEM
    return f"{stem}-{index}-of-{count}"


def find_shards(folder: str, held_out: bool = False) -> list[str]:
    """Return the paths of all shards in a folder, in order of their number.

    Raises:
        FileNotFoundError: No folder, or no shard in it.
        RecordsError: Shards of two builds, or some of a build missing.
    """
    stem = HELD_OUT_STEM if held_out else TRAINING_STEM
    pattern = re.compile(re.escape(stem) + r"-(\d+)-of-(\d+)")
    directory = pathlib.Path(folder)
    files = directory.iterdir() if directory.is_dir() else ()
    names = sorted(path.name for path in files)
    matches = [match for match in map(pattern.fullmatch, names) if match]
    if not matches:
        raise FileNotFoundError(
            f"No files {stem}-<k>-of-<n> in {folder}. {REBUILD}, with"
            f" --output_dir={folder}, or give the folder that has them."
        )
    _check_complete(folder, stem, matches)
    by_number = sorted(matches, key=lambda match: int(match[1]))
    return [str(directory / match[0]) for match in by_number]


def _check_complete(
    folder: str, stem: str, matches: Sequence[re.Match]
) -> None:
    counts = sorted({int(match[2]) for match in matches})
    if len(counts) > 1:
        raise RecordsError(
            f"{folder} holds shards of more than one build: {stem}-<k>-of-<n>"
            f" with n = {', '.join(map(str, counts))}. Keep those of one."
        )
    present = {int(match[1]) for match in matches}
    missing = sorted(set(range(counts[0])) - present)
    if missing:
        raise RecordsError(
            f"{folder} lacks {len(missing)} of the {counts[0]} shards"
            f" {stem}-<k>-of-{counts[0]}; the first missing k is"
            f" {missing[0]}. Copy them again, or rebuild."
        )


# ---- Writing --------------------------------------------------------------


def serialize_example(
    input_ids: Sequence[int], segment0_length: int, max_seq_length: int
) -> bytes:
    """Return one record: a serialized `tf.train.Example`.

    The bytes are put together by hand, so that a build needs no TensorFlow,
    which takes longer to import than a small build takes; it is also a
    little faster. A test holds them equal to those of a `tf.train.Example`.

    Args:
        input_ids: Ids with [CLS] and [SEP], without padding.
        segment0_length: Number of them in segment 0, its [CLS] and [SEP]
            included.
        max_seq_length: Number of values each feature is padded to.

    Raises:
        RecordsError: There are more than `max_seq_length` ids.
    """
    length = len(input_ids)
    if length > max_seq_length:
        raise RecordsError(
            f"An example has {length} tokens, more than max_seq_length="
            f"{max_seq_length}."
        )
    padding = b"\0" * (max_seq_length - length)
    ids = b"".join(map(_VARINTS.__getitem__, input_ids)) + padding
    mask = b"\1" * length + padding
    segments = b"\0" * segment0_length + b"\1" * (length - segment0_length)
    features = (
        _feature(b"input_ids", ids)
        + _feature(b"input_mask", mask)
        + _feature(b"segment_ids", segments + padding)
    )
    return b"\x0a" + _varint(len(features)) + features


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


class _Varints(dict):
    """Number -> its bytes; asked for every id of a build."""

    def __missing__(self, value: int) -> bytes:
        self[value] = encoded = _varint(value)
        return encoded


_VARINTS = _Varints()


def _feature(name: bytes, packed_values: bytes) -> bytes:
    # Field 1 of Features is a map from name (1) to Feature (2), which holds
    # an Int64List (3) of packed values (1).
    int64_list = b"\x0a" + _varint(len(packed_values)) + packed_values
    feature = b"\x1a" + _varint(len(int64_list)) + int64_list
    key = b"\x0a" + _varint(len(name)) + name
    entry = key + b"\x12" + _varint(len(feature)) + feature
    return b"\x0a" + _varint(len(entry)) + entry


# ---- Reading --------------------------------------------------------------


def parse_examples(serialized, max_seq_length: int) -> dict:
    """Parse serialized records; for use in `tf.data` pipelines.

    Args:
        serialized: string tensor, `()` or `(batch,)`.
        max_seq_length: The length the records were built with.

    Returns:
        Dict of int32 tensors `(max_seq_length,)` or
        `(batch, max_seq_length)` named as in `FEATURES`.
    """
    import tensorflow as tf

    spec = tf.io.FixedLenFeature([max_seq_length], tf.int64)
    parsed = tf.io.parse_example(serialized, dict.fromkeys(FEATURES, spec))
    return {name: tf.cast(parsed[name], tf.int32) for name in FEATURES}


def check_shards(paths: Iterable[str], max_seq_length: int) -> None:
    """Look at the first record of each file; fail early and clearly.

    Raises:
        RecordsError: A record is of another sequence length or another
            kind, a file is damaged, or all files are empty.
    """
    found = 0
    for path in paths:
        record = next(read_records(path), None)
        if record is not None:
            found += 1
            _check_record(record, path, max_seq_length)
    if not found:
        raise RecordsError(f"The files of records are all empty. {REBUILD}.")


def explain_read_error(
    error: Exception, paths: Iterable[str], max_seq_length: int
) -> RecordsError:
    """Return an error that names the bad file behind a failed read.

    TensorFlow does not say which file it was, so this reads all of them.
    """
    try:
        for path in paths:
            for record in read_records(path):
                _check_record(record, path, max_seq_length)
    except RecordsError as found:
        return found
    return RecordsError(
        f"Reading the records failed, though all files can be read now: {error}"
    )


def read_records(path: str):
    """Yield the serialized records of one file.

    Raises:
        FileNotFoundError: There is no such file.
        RecordsError: The file is cut short or damaged; names it.
    """
    import tensorflow as tf

    number = 0
    try:
        for record in tf.data.TFRecordDataset(str(path)):
            yield record.numpy()
            number += 1
    except tf.errors.NotFoundError:
        raise FileNotFoundError(f"No file of records at {path}.") from None
    except tf.errors.DataLossError as error:
        raise RecordsError(
            f"{path} is cut short or damaged after {number} whole records"
            f" ({error.message.splitlines()[0]}). Copy it again from where it"
            f" was built. If it is so there too: {REBUILD}."
        ) from None


def _check_record(record: bytes, path: str, max_seq_length: int) -> None:
    lengths = _feature_lengths(record, path)
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


def _feature_lengths(record: bytes, path: str) -> dict[str, int]:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError:
        raise RecordsError(
            f"{path} holds records that are no tf.train.Example. {REBUILD}."
        ) from None
    return {name: len(f.int64_list.value) for name, f in features.items()}
