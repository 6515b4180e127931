"""The TFRecord container, written without TensorFlow.

A record is framed by its length and two checksums:

    uint64 length, uint32 masked CRC-32C of the length,
    the record, uint32 masked CRC-32C of the record (all little-endian)

Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

import struct
from collections.abc import Iterable

from electra_tf.checksums import masked_crc32c


def frame(records: Iterable[bytes]) -> bytes:
    """Return the records as a piece of a TFRecord file."""
    parts = []
    for record in records:
        length = struct.pack("<Q", len(record))
        parts += [length, _checksum(length), record, _checksum(record)]
    return b"".join(parts)


def _checksum(content: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(content))
