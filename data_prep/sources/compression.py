"""Compressed files, read as a stream.

A damaged file, or one that ends too early, is an error and never the end of
the text. So is one that unpacks to unlikely much.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO

from electra_tf.errors import UserError
from electra_tf.io import files
from electra_tf.io.files import FREE_BYTES, MOST_EXPANSION

# A frame of zstd may unpack to 32,000 times its size at once.
BYTES_PER_ZSTD_READ = 4096
BYTES_PER_GB = 10**9

SUFFIXES: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: io.BufferedReader(_ZstdFile(file)),
}

SHORT_SUFFIXES = {".tgz": ".tar.gz", ".tbz2": ".tar.bz2", ".txz": ".tar.xz"}


def split_suffix(name: str) -> tuple[str, str]:
    """Return a name without the suffix of its compression, and that suffix.

    >>> split_suffix("a.jsonl.zst"), split_suffix("a.tgz"), split_suffix("a")
    (('a.jsonl', '.zst'), ('a.tar', '.gz'), ('a', ''))
    """
    for short, full in SHORT_SUFFIXES.items():
        if name.lower().endswith(short):
            name = name[: -len(short)] + full
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)], suffix
    return name, ""


def open_stream(
    path: str, max_gb: float, on_read: Callable[[int], None] | None = None
) -> BinaryIO:
    """Open a file, compressed as its name says; that cannot be sought in.

    `on_read` is called with the number of stored bytes at every read. While it
    is read, UserError is raised if it is damaged, incomplete, or unpacks to
    unlikely much, or to more than `max_gb` gigabytes.
    """
    suffix = split_suffix(path)[1]
    file = files.open_stream(path, on_read)
    if not suffix:
        return file
    return io.BufferedReader(
        _Unpacked(path, max_gb, file, SUFFIXES[suffix](file)),
        io.DEFAULT_BUFFER_SIZE,
    )


class _Unpacked(io.RawIOBase):
    """The content of a compressed file, with its errors put into words."""

    def __init__(
        self, path: str, max_gb: float, packed: BinaryIO, stream: BinaryIO
    ):
        self._path = path
        self._max_gb = max_gb
        self._packed = packed
        self._stream = stream
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        try:
            size = self._stream.readinto(buffer)
        except EOFError:
            raise UserError(
                f"{self._path} ends too early: it is incomplete after"
                f" {self._size} unpacked bytes. Copy it again."
            ) from None
        except _DAMAGED as error:
            raise UserError(
                f"{self._path} is damaged, or not what its name says, after"
                f" {self._size} unpacked bytes ({error}). Copy it again."
            ) from None
        self._size += size
        read = self._packed.tell()
        if self._size > FREE_BYTES + MOST_EXPANSION * read:
            raise UserError(
                f"{self._path} unpacks to more than {MOST_EXPANSION} times its"
                f" size: {self._size} bytes from its first {read}. Text does"
                " not. Unpack it yourself if it is what you want."
            )
        if self._size > self._max_gb * BYTES_PER_GB:
            raise UserError(
                f"{self._path} unpacks to more than {self._max_gb:g} GB, which"
                " is max_unpacked_gb. Allow more with --max_unpacked_gb, or"
                " take the file out of the corpus."
            )
        return size

    def close(self) -> None:
        self._stream.close()
        self._packed.close()
        super().close()


class _ZstdError(Exception):
    """Data that is no zstd."""


_DAMAGED = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, OSError, _ZstdError)


class _ZstdFile(io.RawIOBase):
    """A file of zstd frames; raises EOFError in the middle of one."""

    def __init__(self, file: BinaryIO):
        try:
            import zstandard
        except ImportError:
            raise UserError(
                "Reading .zst files needs zstandard: pip install 'zstandard<1'."
            ) from None
        self._file = file
        self._error = zstandard.ZstdError
        # As large a window as `zstd --long=31` makes.
        self._library = zstandard.ZstdDecompressor(max_window_size=1 << 31)
        self._frame = None
        self._packed = b""
        self._unpacked = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._unpacked:
            if not self._packed:
                self._packed = self._file.read(BYTES_PER_ZSTD_READ)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError
                return 0
            self._unpack()
        size = min(len(buffer), len(self._unpacked))
        buffer[:size] = self._unpacked[:size]
        self._unpacked = self._unpacked[size:]
        return size

    def _unpack(self) -> None:
        self._frame = self._frame or self._library.decompressobj()
        try:
            self._unpacked = memoryview(self._frame.decompress(self._packed))
        except self._error as error:
            raise _ZstdError(error) from None
        self._packed = self._frame.unused_data
        if self._frame.eof:
            self._frame = None
