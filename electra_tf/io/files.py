"""The content of files, of this machine and of others by a scheme (gs://).

All reading and writing goes through here, so that what differs between kinds
of storage is decided once; `listing` says which files there are. A file that
is written has its name only when it is whole and safe from a loss of power:
nobody sees one that is cut short.

TensorFlow, which knows the schemes, is imported only for those.
"""

import contextlib
import io
import json
import os
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from electra_tf.errors import UserError

BYTES_PER_READ = 1 << 18
# Text shrinks to a third or a tenth; a file that unpacks to more than this many
# times its size is no text. The first bytes are free, as a few kilobytes may
# well be a line a thousand times.
MOST_EXPANSION = 200
FREE_BYTES = 100_000_000
UNFINISHED = ".unfinished"
NANOSECONDS = 1e9

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")

Path = str | os.PathLike


def is_remote(path: Path) -> bool:
    """Return whether a path has a scheme.

    >>> is_remote("gs://bucket/corpus"), is_remote("corpus/a.txt")
    (True, False)
    """
    return _SCHEME.match(os.fspath(path)) is not None


def read(path: Path) -> bytes:
    """Return the content of a file; raises FileNotFoundError."""
    if not is_remote(path):
        return pathlib.Path(path).read_bytes()
    from tensorflow.io import gfile

    if not gfile.exists(path):
        raise FileNotFoundError(path)
    with gfile.GFile(path, "rb") as file:
        return file.read()


def open_stream(
    path: str, on_read: Callable[[int], None] | None = None
) -> BinaryIO:
    """Open a file to read and seek in; `on_read` gets each read's bytes."""
    raw = _RemoteFile(path) if is_remote(path) else io.FileIO(path)
    if on_read is not None:
        raw = _Counted(raw, on_read)
    return io.BufferedReader(raw, BYTES_PER_READ)


def size(path: Path) -> int | None:
    """Return the bytes of a file; None if it is not there."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.exists(path) else None
    from tensorflow.io import gfile

    return gfile.stat(path).length if gfile.exists(path) else None


def last_change(path: Path) -> float:
    """Return when a file was changed, in seconds since 1970."""
    if not is_remote(path):
        return os.stat(path).st_mtime
    from tensorflow.io import gfile

    return gfile.stat(path).mtime_nsec / NANOSECONDS


def check_writable(path: Path, name: str) -> None:
    """Refuse, before work begins, to write to a path that has a scheme."""
    if is_remote(path):
        raise UserError(
            f"{name} must be on a file system: what has a scheme, as gs:// is,"
            f" is read here and not written. Received: {os.fspath(path)!r}."
            " Mount the bucket and give its folder."
        )


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole, and its folder if need be; text as UTF-8."""
    if isinstance(content, str):
        content = content.encode()
    with writing(path) as unfinished:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)


def write_json(path: Path, values: Any) -> None:
    """Write values as indented JSON, whole."""
    write(path, json.dumps(values, indent=1) + "\n")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[pathlib.Path]:
    """Yield the path to write to; renamed when done, removed by an error."""
    pieces = Pieces(path)
    try:
        yield pieces.unfinished
        pieces.finish()
    except BaseException:
        pieces.discard()
        raise


class Pieces:
    """A file that is written in pieces, and not held open in between.

    Its folder must exist. Until it is finished it is called `unfinished`, by a
    name of each process: one that is being killed may still write while the
    next begins.
    """

    def __init__(self, path: Path):
        check_writable(path, "A file to write")
        self._path = pathlib.Path(path)
        name = f"{self._path.name}.{os.getpid()}{UNFINISHED}"
        self.unfinished = self._path.with_name(name)

    def add(self, content: bytes) -> None:
        """Write the next piece."""
        with self.unfinished.open("ab") as file:
            file.write(content)

    def finish(self) -> None:
        """Give the file its name."""
        make_durable(self.unfinished)
        os.replace(self.unfinished, self._path)

    def discard(self) -> None:
        """Remove what was written."""
        self.unfinished.unlink(missing_ok=True)


def append(path: Path, line: str) -> None:
    """Add a line to a text file; makes the file and its folder if need be."""
    check_writable(path, "A file to add to")
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def make_durable(path: Path) -> None:
    """Make a file, or the names in a folder, outlast a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(folder: pathlib.Path) -> None:
    """Remove what was never finished."""
    for path in folder.glob(f"*{UNFINISHED}"):
        path.unlink(missing_ok=True)


class _Counted(io.RawIOBase):
    """A file that tells how much of it is read."""

    def __init__(self, raw: io.RawIOBase, on_read: Callable[[int], None]):
        self._raw = raw
        self._on_read = on_read
        self.seek = raw.seek
        self.tell = raw.tell

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        size = self._raw.readinto(buffer)
        self._on_read(size)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _RemoteFile(io.RawIOBase):
    """A file with a scheme, as Python's own files are."""

    def __init__(self, path: str):
        from tensorflow.io import gfile

        self._path = path
        self._file = gfile.GFile(path, "rb")
        with as_os_errors(path):
            self._size = self._file.size()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        with as_os_errors(self._path):
            content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_END: self._size}
        self._file.seek(offset + starts.get(whence, self._file.tell()))
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


@contextlib.contextmanager
def as_os_errors(path: str) -> Iterator[None]:
    """Turn TensorFlow's errors about a file or folder into `OSError`."""
    from tensorflow.errors import OpError

    try:
        yield
    except OpError as error:
        raise OSError(f"{path} cannot be read: {error.message}") from None
