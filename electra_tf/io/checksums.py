"""CRC-32C, as TensorFlow stores it in files, and of whole files."""

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


class Crc32c:
    """The CRC-32C of bytes that come one piece after another.

    >>> crc = Crc32c()
    >>> crc.add(b"1234")
    >>> crc.add(b"56789")
    >>> crc.hex()
    'e3069283'
    """

    def __init__(self):
        self._value = 0

    def add(self, content: bytes) -> None:
        """Take the next piece."""
        self._value = google_crc32c.extend(self._value, content)

    def hex(self) -> str:
        """Return the checksum of all so far, in 8 hexadecimal digits."""
        return f"{self._value:08x}"
