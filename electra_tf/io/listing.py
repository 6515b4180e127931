"""The files below a place, and reading them piece by piece.

Of this machine, and of others by a scheme such as gs://; TensorFlow, which
knows the schemes, is imported only for those.
"""

import contextlib
import glob
import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from typing import BinaryIO

from electra_tf.io import files

BYTES_PER_READ = 1 << 18

_WILDCARD = re.compile(r"[*?\[]")


def open_binary(
    path: str, on_read: Callable[[int], None] | None = None
) -> BinaryIO:
    """Open a file for reading; it can be sought in.

    Args:
        path: The file.
        on_read: Called with the number of bytes at every read from it.
    """
    raw = _RemoteFile(path) if files.is_remote(path) else io.FileIO(path)
    if on_read is not None:
        raw = _Counted(raw, on_read)
    return io.BufferedReader(raw, BYTES_PER_READ)


def find(place: str) -> tuple[str, list[tuple[str, int]]]:
    """Return a root, and the files at or below a place with their sizes.

    Hidden ones (their name starts with a dot) are passed over. Links are
    followed.

    Args:
        place: A file, a folder, or a pattern with `*`, `?`, `[...]` or `**`.

    Raises:
        FileNotFoundError: There is nothing.
        OSError: Something there may not be read, or is no file.
    """
    if files.is_remote(place):
        with _as_os_errors(place):
            return _find(place, _remote_tops, _remote_files)
    return _find(place, _local_tops, _local_files)


def _find(place, tops_of, files_below) -> tuple[str, list[tuple[str, int]]]:
    root, tops = tops_of(place)
    found = sorted(
        {
            (path, size)
            for top in tops
            for path, size in files_below(top)
            if not _is_hidden(path, root)
        }
    )
    if not tops:
        raise FileNotFoundError(
            f"No file or folder at {place}. Expected a folder of text, a file,"
            " or a pattern that some match."
        )
    return root, found


def _is_hidden(path: str, root: str) -> bool:
    below = path.removeprefix(root) if path != root else ""
    return any(part.startswith(".") for part in below.split("/"))


def _fixed_part(pattern: str) -> str:
    """Return the folder that all matches of a pattern are in.

    >>> _fixed_part("text/wiki/*/a*.txt")
    'text/wiki'
    """
    before = pattern[: _WILDCARD.search(pattern).start()]
    return before.rpartition("/")[0]


def _local_tops(place: str) -> tuple[str, list[str]]:
    if os.path.lexists(place):
        is_folder = os.path.isdir(place)
        return (place if is_folder else os.path.dirname(place)), [place]
    if _WILDCARD.search(place):
        return _fixed_part(place), glob.glob(place, recursive=True)
    return place, []


def _local_files(top: str, parents: frozenset = frozenset()) -> Iterator:
    """Yield (path, size) of the files at or below a path."""
    with _errors_explained(top):
        status = os.stat(top)
    if stat.S_ISREG(status.st_mode):
        with _errors_explained(top):
            open(top, "rb").close()
        yield top, status.st_size
        return
    if not stat.S_ISDIR(status.st_mode):
        raise OSError(
            f"{top} is neither a file nor a folder. Remove it from the text."
        )
    folder = (status.st_dev, status.st_ino)
    if folder in parents:
        raise OSError(f"{top} is a link to a folder it is in. Remove it.")
    with _errors_explained(top):
        names = os.listdir(top)
    for name in names:
        if not name.startswith("."):
            path = os.path.join(top, name)
            yield from _local_files(path, parents | {folder})


@contextlib.contextmanager
def _errors_explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise type(error)(
            f"{path} cannot be read ({error.strerror}). Change its"
            " permissions; if it is a link to something that is gone, remove"
            " it."
        ) from None


def _remote_tops(place: str) -> tuple[str, list[str]]:
    from tensorflow.io import gfile

    if gfile.exists(place):
        is_folder = gfile.isdir(place)
        return (place if is_folder else place.rpartition("/")[0]), [place]
    if _WILDCARD.search(place):
        return _fixed_part(place), gfile.glob(place)
    return place, []


def _remote_files(top: str) -> Iterator[tuple[str, int]]:
    from tensorflow.io import gfile

    if not gfile.isdir(top):
        yield top, gfile.stat(top).length
        return
    for folder, _, names in gfile.walk(top, onerror=_reraise):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            yield path, gfile.stat(path).length


def _reraise(error: Exception) -> None:
    raise error


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
        with _as_os_errors(path):
            self._size = self._file.size()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        with _as_os_errors(self._path):
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
def _as_os_errors(path: str):
    from tensorflow.errors import OpError

    try:
        yield
    except OpError as error:
        raise OSError(f"{path} cannot be read: {error.message}") from None
