"""The TFRecord container, written without TensorFlow.

A record is framed by its length and two checksums:

    uint64 length, uint32 masked CRC-32C of the length,
    the record, uint32 masked CRC-32C of the record (all little-endian)

The checksums of many records are computed together with numpy, 32 bits of
every record at a time.

Source: https://www.tensorflow.org/tutorials/load_data/tfrecord
"""

from collections.abc import Sequence

import numpy as np

# CRC-32C (Castagnoli), reflected.
POLYNOMIAL = 0x82F63B78
MASK_DELTA = 0xA282EAD8
WORD_BYTES = 4


def _table(register: np.ndarray) -> np.ndarray:
    """Return what the register becomes after 32 zero bits of input."""
    for _ in range(8 * WORD_BYTES):
        odd = (register & 1).astype(bool)
        register = (register >> 1) ^ np.where(odd, POLYNOMIAL, 0)
    return register.astype(np.uint32)


# The step is linear, so one table a half of the register is enough.
_LOW = _table(np.arange(1 << 16))
_HIGH = _table(np.arange(1 << 16) << 16)


def crc32c(records: Sequence[bytes]) -> np.ndarray:
    """Return the CRC-32C of each record, of at least 4 bytes, as uint32.

    >>> [hex(crc) for crc in crc32c([b"123456789"])]
    ['0xe3069283']
    """
    words = _words_of(records)
    register = np.zeros(len(records), np.uint32)
    for column in words:
        register ^= column
        register = _LOW[register & 0xFFFF] ^ _HIGH[register >> 16]
    return ~register


def _words_of(records: Sequence[bytes]) -> np.ndarray:
    """Return uint32 `(words, records)`, with zeros before short records."""
    # A zero register stays zero over leading zeros. Starting with all ones
    # is the same as flipping the first 32 bits.
    lengths = np.array([len(record) for record in records])
    width = -(-int(lengths.max()) // WORD_BYTES) * WORD_BYTES
    padded = b"".join(record.rjust(width, b"\0") for record in records)
    matrix = np.frombuffer(padded, np.uint8).reshape(-1, width).copy()
    first = (width - lengths)[:, None] + np.arange(WORD_BYTES)
    matrix[np.arange(len(records))[:, None], first] ^= 0xFF
    return np.ascontiguousarray(matrix.view("<u4").T)


def masked(crc: np.ndarray) -> np.ndarray:
    """Return checksums as TFRecord files store them."""
    rotated = (crc >> np.uint32(15)) | (crc << np.uint32(17))
    return rotated + np.uint32(MASK_DELTA)


def frame(records: Sequence[bytes]) -> bytes:
    """Return the records as a piece of a TFRecord file."""
    if not records:
        return b""
    lengths = [len(record).to_bytes(8, "little") for record in records]
    heads = masked(crc32c(lengths)).astype("<u4")
    tails = masked(crc32c(records)).astype("<u4")
    parts = zip(lengths, heads, records, tails, strict=True)
    return b"".join(
        length + head.tobytes() + record + tail.tobytes()
        for length, head, record, tail in parts
    )
