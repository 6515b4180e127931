"""Files of records as bytes, written and read without TensorFlow.

`records` has the schema. A build thus needs no TensorFlow, which takes longer
to import than a small build takes; tests hold the bytes equal to TensorFlow's.

A file is a TFRecord container: each record is framed by its length and two
checksums:

    uint64 length, uint32 masked CRC-32C of the length,
    the record, uint32 masked CRC-32C of the record (all little-endian)

Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

import functools
import itertools
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

import google_crc32c
import numpy as np

from electra_tf.errors import UserError
from electra_tf.io import records
from electra_tf.io.records import RecordsError
from electra_tf.text import id_strings

# Parts of records that are remembered; of 512 ids they take 1 kB.
_MOST_REMEMBERED = 4096
# A number is written in groups of so many bits, the lowest first; all bytes
# but the last have the bit above them set.
_BITS = 7
LENGTH = struct.Struct("<Q")
CHECKSUM = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8
_WORD = 0xFFFFFFFF


def serialize(
    examples: Sequence[tuple[str, int]],
    max_seq_length: int,
    padded: bool = True,
) -> list[bytes]:
    """Return the record of each example, padded or not; see `records`.

    Examples are pairs of the ids with [CLS] and [SEP], without padding
    (`id_strings`), and the number of them in segment 0, its [CLS] and [SEP]
    included. Raises RecordsError for more than `max_seq_length` ids.
    """
    texts = [ids for ids, _ in examples]
    longest = max(map(len, texts), default=0)
    if longest > max_seq_length:
        raise RecordsError(
            f"An example has {longest} tokens, more than max_seq_length="
            f"{max_seq_length}."
        )
    after = _after_padded if padded else _after_unpadded
    serialized = []
    for packed, (ids, segment0_length) in zip(
        _packed(texts), examples, strict=True
    ):
        padding, others = after(len(ids), segment0_length, max_seq_length)
        before = _before(len(packed) + len(padding), len(others))
        serialized.append(b"".join((before, packed, padding, others)))
    return serialized


@functools.lru_cache(_MOST_REMEMBERED)
def _after_padded(
    length: int, segment0_length: int, max_seq_length: int
) -> tuple[bytes, bytes]:
    """Return the bytes after the ids: zeros, and the other features."""
    padding = bytes(max_seq_length - length)
    mask = b"\1" * length + padding
    segments = bytes(segment0_length) + b"\1" * (length - segment0_length)
    masks = _feature(records.INPUT_MASK, mask)
    return padding, masks + _feature(records.SEGMENT_IDS, segments + padding)


@functools.lru_cache(_MOST_REMEMBERED)
def _after_unpadded(
    length: int, segment0_length: int, max_seq_length: int
) -> tuple[bytes, bytes]:
    length = _varint(segment0_length)
    return b"", _feature(records.SEGMENT0_LENGTH, length)


@functools.lru_cache(_MOST_REMEMBERED)
def _before(size: int, size_of_others: int) -> bytes:
    """Return the bytes before the ids, which have `size` bytes."""
    header = _feature_header(records.INPUT_IDS, size)
    return _header(len(header) + size + size_of_others) + header


def _packed(texts: Sequence[str]) -> Iterator[bytes]:
    """Yield the ids of each text as they stand in a record."""
    ids = id_strings.to_array("".join(texts))
    octets, sizes, used = _varints(int(ids.max(initial=0)).bit_length())
    packed = octets[ids][used[ids]].tobytes()
    ends = np.concatenate([[0], np.cumsum(sizes[ids], dtype=np.int64)])
    num_ids = itertools.accumulate(map(len, texts), initial=0)
    for start, end in itertools.pairwise(ends[list(num_ids)].tolist()):
        yield packed[start:end]


@functools.cache
def _varints(bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bytes of all numbers of so many bits.

    They are uint8 `(2 ** bits, most)`; then follow how many there are, int8,
    and whether each is one of them.
    """
    numbers = np.arange(1 << bits)[:, None]
    places = np.arange(max(1, -(-bits // _BITS)))
    groups = numbers >> _BITS * places
    used = (groups > 0) | (places == 0)
    followed = np.pad(used, ((0, 0), (0, 1)))[:, 1:]
    octets = groups % (1 << _BITS) | followed << _BITS
    return octets.astype(np.uint8), used.sum(1, np.int8), used


def _varint(number: int) -> bytes:
    octets, _, used = _varints(number.bit_length())
    return octets[number][used[number]].tobytes()


def _header(size: int) -> bytes:
    """Return the bytes before a first field of `size` bytes."""
    return b"\x0a" + _varint(size)


def _feature(name: str, packed_values: bytes) -> bytes:
    return _feature_header(name, len(packed_values)) + packed_values


def _feature_header(name: str, size: int) -> bytes:
    """Return the bytes before `size` bytes of packed values."""
    # Field 1 of Features is a map from name (1) to Feature (2), which holds
    # an Int64List (3) of packed values (1).
    values = _header(size)
    int64_list = b"\x1a" + _varint(len(values) + size) + values
    feature = b"\x12" + _varint(len(int64_list) + size) + int64_list
    key = name.encode()
    entry = _header(len(key)) + key + feature
    return _header(len(entry) + size) + entry


def frame(serialized: Iterable[bytes]) -> bytes:
    """Return records as a piece of a TFRecord file."""
    parts = []
    for record in serialized:
        parts += (_frame_header(len(record)), record, _checksum(record))
    return b"".join(parts)


@functools.lru_cache(_MOST_REMEMBERED)
def _frame_header(size: int) -> bytes:
    length = LENGTH.pack(size)
    return length + _checksum(length)


def _checksum(content: bytes) -> bytes:
    return CHECKSUM.pack(masked_crc32c(content))


def read_frames(file: BinaryIO) -> Iterator[bytes]:
    """Yield the records of a file; raises UserError if it is damaged.

    >>> import io
    >>> list(read_frames(io.BytesIO(frame([b"the", b"king"]))))
    [b'the', b'king']
    """
    number = 0
    while length := file.read(LENGTH.size):
        if file.read(CHECKSUM.size) != _checksum(length):
            raise UserError(f"damaged after {number} whole records")
        record = file.read(*LENGTH.unpack(length))
        if file.read(CHECKSUM.size) != _checksum(record):
            raise UserError(
                f"damaged or cut short after {number} whole records"
            )
        yield record
        number += 1


def masked_crc32c(content: bytes) -> int:
    """Return the masked CRC-32C (Castagnoli), a number of 32 bits.

    It is masked because the checksum of something that holds a checksum would
    be weak: https://www.tensorflow.org/tutorials/load_data/tfrecord.

    >>> hex(masked_crc32c(b"123456789"))
    '0xc78ab0e5'
    """
    crc = google_crc32c.value(content)
    rotated = (crc >> 15 | crc << 17) & _WORD
    return (rotated + _MASK_DELTA) & _WORD
