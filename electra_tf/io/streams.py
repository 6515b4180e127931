"""Files of compressed streams, one after another, read to their very end."""

import io
from collections.abc import Callable
from typing import Any, BinaryIO

# What is read may unpack to 32,000 times its size at once.
BYTES_PER_READ = 4096


class Streams(io.RawIOBase):
    """A file of compressed streams, one after another.

    Python's own readers of bz2 and xz take what comes after a stream, and is
    none, for the end of the file. Zeros may stand there.

    Args:
        file: what is compressed; EOFError is raised if a stream of it has no
            end.
        begin: makes the object that unpacks one stream.
        error: what that raises, beside OSError and the like.

    >>> import bz2, io
    >>> packed = io.BytesIO(bz2.compress(b"a ") + bz2.compress(b"b"))
    >>> Streams(packed, bz2.BZ2Decompressor).read()
    b'a b'
    """

    def __init__(
        self,
        file: BinaryIO,
        begin: Callable[[], Any],
        error: type[Exception] = OSError,
    ):
        self._file, self._begin, self._error = file, begin, error
        self._stream = None
        self._packed = b""
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer) -> int:
        """Unpack into a buffer; return the number of bytes, 0 at the end."""
        while not self._unpacked:
            self._packed = self._packed or self._file.read(BYTES_PER_READ)
            if not self._packed:
                if self._stream is not None:
                    raise EOFError("a stream of it has no end")
                return 0
            self._unpack()
        size = min(len(buffer), len(self._unpacked))
        buffer[:size] = self._unpacked[:size]
        self._unpacked = self._unpacked[size:]
        return size

    def _unpack(self) -> None:
        if self._stream is None:
            self._packed = self._packed.lstrip(b"\0")
            if not self._packed:
                return
            self._stream = self._begin()
        try:
            self._unpacked = memoryview(self._stream.decompress(self._packed))
        except self._error as error:
            raise OSError(str(error)) from None
        self._packed = self._stream.unused_data
        if self._stream.eof:
            self._stream = None
