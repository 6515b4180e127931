"""The content of files, of this machine and of stores by a scheme (gs://).

All reading and writing goes through here, so that what differs between kinds
of storage is decided once; `listing` says which files there are, `stores` is
what has a scheme. A file that is written has its name only when it is whole
and safe from a loss of power: nobody sees one that is cut short.
"""

import contextlib
import io
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from electra_tf.errors import UserError
from electra_tf.io import connections, stores

BYTES_PER_READ = 1 << 18
BYTES_PER_REQUEST = 1 << 22  # Of a store.
# Text shrinks to a third or a tenth; a file that unpacks to more than this many
# times its size is no text. The first bytes are free, as a few kilobytes may
# well be a line a thousand times.
MOST_EXPANSION = 200
FREE_BYTES = 100_000_000
UNFINISHED = ".unfinished"

Path = str | os.PathLike


def is_remote(path: Path) -> bool:
    """Return whether a path has a scheme.

    >>> is_remote("gs://bucket/corpus"), is_remote("corpus/a.txt")
    (True, False)
    """
    return connections.scheme(path) is not None


def read(path: Path) -> bytes:
    """Return the content of a file; raises FileNotFoundError."""
    if not is_remote(path):
        return pathlib.Path(path).read_bytes()
    return stores.read(os.fspath(path))


def open_stream(
    path: Path, on_read: Callable[[int], None] | None = None
) -> BinaryIO:
    """Open a file to read and seek in; `on_read` gets each read's bytes."""
    remote = is_remote(path)
    raw = _RemoteFile(os.fspath(path)) if remote else io.FileIO(path)
    if on_read is not None:
        raw = _Counted(raw, on_read)
    size = BYTES_PER_REQUEST if remote else BYTES_PER_READ
    return io.BufferedReader(raw, size)


@contextlib.contextmanager
def at_hand(paths: Sequence[Path]) -> Iterator[list[str]]:
    """Yield paths of this machine; what has a scheme is copied to it first.

    The copies keep the files' names, and go with the context.

    Raises:
        FileNotFoundError: One that has a scheme is not there.
        UserError: There is no room for them.
    """
    here = [os.fspath(path) for path in paths]
    if not any(map(is_remote, here)):
        yield here
        return
    with tempfile.TemporaryDirectory(prefix="electra-") as folder:
        check_room([path for path in here if is_remote(path)], folder)
        for number, path in enumerate(paths):
            if is_remote(path):
                os.mkdir(own := os.path.join(folder, str(number)))
                here[number] = fetched(path, own)
        yield here


def check_room(paths: Sequence[Path], folder: str) -> None:
    """Raise a `UserError` unless copies of all files fit into a folder.

    Raises FileNotFoundError for one that is not there.
    """
    needed = 0
    for path in paths:
        if (of_one := size(path)) is None:
            raise FileNotFoundError(f"No file at {path}.")
        needed += of_one
    free = shutil.disk_usage(folder).free
    if needed > free:
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        raise UserError(
            f"{paths[0]}{more} are read from copies on this machine, for whose"
            f" {needed:,} bytes {folder} has no room ({free:,} bytes are"
            " free). Make room, or have TMPDIR name another folder."
        )


def fetched(path: Path, folder: str) -> str:
    """Copy a file that has a scheme into a folder of this machine.

    See to the room by `check_room` first. Returns the copy's path.
    """
    copy = os.path.join(folder, os.path.basename(path))
    stores.download(os.fspath(path), copy)
    return copy


def size(path: Path) -> int | None:
    """Return the bytes of a file; None if it is not there."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.exists(path) else None
    found = stores.find(os.fspath(path))
    return None if found is None else found.size


def exists(path: Path) -> bool:
    """Return whether there is a file or folder."""
    if is_remote(path):
        return stores.exists(os.fspath(path))
    return os.path.exists(path)


def make_folder(path: Path) -> None:
    """Make a folder, if it is not there; in a store there are none to make."""
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)


def last_change(path: Path) -> float:
    """Return when a file was changed, in seconds since 1970."""
    if not is_remote(path):
        return os.stat(path).st_mtime
    found = stores.find(os.fspath(path))
    if found is None:
        raise FileNotFoundError(path)
    return found.changed


def check_writable(path: Path, name: str) -> None:
    """Raise a `UserError`, before work begins, where nothing can be written."""
    if is_remote(path):
        connections.check_writable(os.fspath(path), name)


def check_new_file(path: Path, name: str) -> None:
    """Raise an error, before work begins, where no file can be written.

    Makes nothing. The disk may be full, which only writing tells.

    Raises:
        UserError: It is a folder, or no file may be made where it shall be.
        OSError: The system does not take its name.
    """
    check_writable(path, name)
    if is_remote(path):
        return
    folder, file = os.path.split(path)
    if not file or os.path.isdir(path):
        raise UserError(
            f"{name} must name a file. Received a folder: {os.fspath(path)!r}."
        )
    folder = os.path.abspath(folder)
    while not os.path.lexists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(
            f"{name}={os.fspath(path)} cannot be written: {folder} is no folder"
            " that files may be made in. Change its permissions, or give"
            " another one."
        )
    with contextlib.suppress(FileNotFoundError):
        os.stat(_unfinished(path))


def check_local(path: Path, name: str) -> None:
    """Refuse, before work begins, a path that has a scheme."""
    if is_remote(path):
        raise UserError(
            f"{name} must be on a file system of this machine: this program"
            f" writes to no other. Received: {os.fspath(path)!r}. Copy it"
            " afterwards, or mount the bucket and give its folder."
        )


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole, and its folder if need be; text as UTF-8."""
    if isinstance(content, str):
        content = content.encode()
    if is_remote(path):
        stores.write(os.fspath(path), content)
        return
    with writing(path) as unfinished:
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(content)


def write_json(path: Path, values: Any) -> None:
    """Write values as indented JSON, whole."""
    write(path, json.dumps(values, indent=1) + "\n")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[pathlib.Path]:
    """Yield the path of this machine to write to.

    It is renamed or sent to its store when done, and removed by an error.
    """
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
    next begins. A file for a store is written on this machine first.
    """

    def __init__(self, path: Path):
        self._path = path
        self.unfinished = pathlib.Path(_unfinished(path))
        if is_remote(path):
            folder = tempfile.mkdtemp(prefix="electra-")
            self.unfinished = pathlib.Path(folder, self.unfinished.name)

    def add(self, content: bytes) -> None:
        """Write the next piece."""
        with self.unfinished.open("ab") as file:
            file.write(content)

    def finish(self) -> None:
        """Give the file its name."""
        if is_remote(self._path):
            stores.upload(self.unfinished, os.fspath(self._path))
            self.discard()
            return
        make_durable(self.unfinished)
        os.replace(self.unfinished, self._path)

    def discard(self) -> None:
        """Remove what was written."""
        self.unfinished.unlink(missing_ok=True)
        if is_remote(self._path):
            shutil.rmtree(self.unfinished.parent, ignore_errors=True)


def append(path: Path, line: str) -> None:
    """Add a line to a text file; makes the file and its folder if need be.

    In a store the line waits for `flush`.
    """
    if is_remote(path):
        stores.add(os.fspath(path), f"{line}\n".encode())
        return
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def growing_folder(path: Path) -> str:
    """Return the folder of this machine whose files are added to.

    It need not be there. What is for a store waits there for `flush`.
    """
    if is_remote(path):
        return stores.mirror(os.fspath(path))
    return os.fspath(path)


def flush(folder: Path) -> None:
    """Write to a store what waits to be added to files of a folder."""
    if is_remote(folder):
        stores.flush(os.fspath(folder))


def move(source: Path, path: Path) -> None:
    """Move a file of this machine to its place, here or in a store."""
    if is_remote(path):
        stores.upload(source, os.fspath(path))
        os.remove(source)
    else:
        os.replace(source, path)


def rename(path: Path, new: Path) -> None:
    """Give a file another name; one that has it is replaced."""
    if is_remote(path):
        stores.rename(os.fspath(path), os.fspath(new))
    else:
        os.replace(path, new)


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    if is_remote(path):
        stores.remove(os.fspath(path))
    else:
        pathlib.Path(path).unlink(missing_ok=True)


def remove_folder(path: Path) -> None:
    """Remove a folder and all in it, if it is there."""
    if is_remote(path):
        stores.remove_folder(os.fspath(path))
    else:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)


def make_durable(path: Path) -> None:
    """Make a file, or the names in a folder, outlast a loss of power."""
    if is_remote(path):  # In a store it is as good as there.
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(folder: Path) -> None:
    """Remove files that were never finished; stores have none."""
    if is_remote(folder):
        return
    for path in pathlib.Path(folder).glob(f"*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def _unfinished(path: Path) -> str:
    return f"{os.fspath(path)}.{os.getpid()}{UNFINISHED}"


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
        self._path, self._place = path, 0
        size_now = size(path)
        if size_now is None:
            raise FileNotFoundError(path)
        self._size = size_now

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        end = min(self._place + len(buffer), self._size)
        if end <= self._place:
            return 0
        content = stores.read(self._path, self._place, end)
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        starts = {io.SEEK_SET: 0, io.SEEK_END: self._size}
        self._place = offset + starts.get(whence, self._place)
        return self._place
