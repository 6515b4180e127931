"""Files of this machine and of others by a scheme such as gs://.

All reading and writing of whole files goes through here, so that what differs
between kinds of storage is decided once. A file is written under another name,
flushed to the disk and then renamed: neither a kill nor a loss of power leaves
one that is cut short.

TensorFlow, which knows the schemes, is imported only for those.
"""

import contextlib
import json
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

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
    """Return the content of a file.

    Raises:
        FileNotFoundError: there is none.
    """
    if not is_remote(path):
        return pathlib.Path(path).read_bytes()
    from tensorflow.io import gfile

    if not gfile.exists(path):
        raise FileNotFoundError(path)
    with gfile.GFile(path, "rb") as file:
        return file.read()


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


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole, and its folder if need be; text as UTF-8."""
    if isinstance(content, str):
        content = content.encode()
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    with writing(path) as unfinished:
        unfinished.write_bytes(content)


def write_json(path: Path, values: Any) -> None:
    """Write values as indented JSON, whole."""
    write(path, json.dumps(values, indent=1) + "\n")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[pathlib.Path]:
    """Yield the path to write to; the file gets its name when that is done.

    An error within removes what was written.
    """
    path = pathlib.Path(path)
    try:
        yield unfinished(path)
        finish(path)
    except BaseException:
        unfinished(path).unlink(missing_ok=True)
        raise


def unfinished(path: pathlib.Path) -> pathlib.Path:
    """Return the name that a file has until it is whole.

    Processes have names of their own: one that is being killed may still
    write while the next one begins.

    >>> unfinished(pathlib.Path("a")).name == f"a.{os.getpid()}.unfinished"
    True
    """
    return path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")


def finish(path: pathlib.Path) -> None:
    """Give a file that has been written its name."""
    flush(unfinished(path))
    os.replace(unfinished(path), path)


def append(path: Path, line: str) -> None:
    """Add a line to a text file; makes the file and its folder if need be."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(folder: pathlib.Path) -> None:
    """Remove what was never finished."""
    for path in folder.glob(f"*{UNFINISHED}"):
        path.unlink(missing_ok=True)
