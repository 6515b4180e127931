"""The TFRecord container, written without TensorFlow.

A record is framed by its length and two checksums:

    uint64 length, uint32 masked CRC-32C of the length,
    the record, uint32 masked CRC-32C of the record (all little-endian)

Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

import functools
import struct
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from electra_tf.errors import UserError
from electra_tf.io.checksums import masked_crc32c

_LENGTH = struct.Struct("<Q")
_CHECKSUM = struct.Struct("<I")
# Lengths of records whose headers are remembered.
_MOST_REMEMBERED = 4096


class FramingError(UserError):
    """A file that is cut short or damaged."""


def frame(records: Iterable[bytes]) -> bytes:
    """Return the records as a piece of a TFRecord file."""
    parts = []
    for record in records:
        parts += (_header(len(record)), record, _checksum(record))
    return b"".join(parts)


@functools.lru_cache(_MOST_REMEMBERED)
def _header(size: int) -> bytes:
    length = _LENGTH.pack(size)
    return length + _checksum(length)


def _checksum(content: bytes) -> bytes:
    return _CHECKSUM.pack(masked_crc32c(content))


def read(file: BinaryIO) -> Iterator[bytes]:
    """Yield the records of a file.

    >>> import io
    >>> list(read(io.BytesIO(frame([b"the", b"king"]))))
    [b'the', b'king']

    Raises:
        FramingError: A checksum is wrong, or the file ends within a record.
    """
    number = 0
    while length := file.read(_LENGTH.size):
        if file.read(_CHECKSUM.size) != _checksum(length):
            raise FramingError(f"damaged after {number} whole records")
        record = file.read(*_LENGTH.unpack(length))
        if file.read(_CHECKSUM.size) != _checksum(record):
            raise FramingError(
                f"damaged or cut short after {number} whole records"
            )
        yield record
        number += 1
