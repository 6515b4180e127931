"""Checksums as TensorFlow stores them, in TFRecords and in checkpoints."""

import google_crc32c

MASK_DELTA = 0xA282EAD8
WORD = 0xFFFFFFFF


def masked_crc32c(content: bytes) -> int:
    """Return the masked CRC-32C (Castagnoli), a number of 32 bits.

    It is masked because the checksum of something that holds a checksum would
    be weak: https://www.tensorflow.org/tutorials/load_data/tfrecord.

    >>> hex(masked_crc32c(b"123456789"))
    '0xc78ab0e5'
    """
    crc = google_crc32c.value(content)
    rotated = (crc >> 15 | crc << 17) & WORD
    return (rotated + MASK_DELTA) & WORD
