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
from electra_tf.io.streams import Streams

BYTES_PER_GB = 10**9

SUFFIXES: dict[str, Callable[[BinaryIO], io.IOBase]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file, mode="rb"),
    ".bz2": lambda file: Streams(file, bz2.BZ2Decompressor),
    ".xz": lambda file: Streams(file, lzma.LZMADecompressor),
    ".zst": lambda file: _zstd(file),
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
    """Open a file; one whose name says that it is compressed cannot seek.

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
        self, path: str, max_gb: float, packed: BinaryIO, stream: io.IOBase
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
            size = _fill(self._stream, buffer)
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


def _fill(stream: io.IOBase, buffer) -> int:
    """Read until a buffer is full, whatever streams that takes, or the end."""
    left = memoryview(buffer)
    while left and (size := stream.readinto(left)):
        left = left[size:]
    return len(buffer) - len(left)


_DAMAGED = (gzip.BadGzipFile, zlib.error, lzma.LZMAError, OSError)


def _zstd(file: BinaryIO) -> Streams:
    try:
        import zstandard
    except ImportError:
        raise UserError(
            "Reading .zst files needs zstandard: pip install 'zstandard<1'."
        ) from None
    # As large a window as `zstd --long=31` makes.
    library = zstandard.ZstdDecompressor(max_window_size=1 << 31)
    return Streams(file, library.decompressobj, zstandard.ZstdError)
