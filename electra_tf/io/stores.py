"""Storage of other machines, by a scheme: gs://, s3://, memory:// and others.

fsspec serves all of them, so that every store is read and written in one way,
and without TensorFlow, which takes seconds to import and has no s3.

What stores have in common is relied on, and nothing else: an object is written
by one upload, whole or not at all; one that must be new is refused by the
store where there is one. Renaming is a copy and a removal.
"""

import contextlib
import os
import tempfile
from collections.abc import Callable
from typing import NamedTuple

from electra_tf.io.connections import connected, tried


class Found(NamedTuple):
    """An object of a store."""

    size: int  # Bytes.
    changed: float  # Seconds since 1970, by the store's clock.


# ---- One object --------------------------------------------------------------


def find(path: str) -> Found | None:
    """Return size and time of an object; None if there is none."""
    system, name = connected(path)
    try:
        info = tried(path, system.info, name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if info["type"] != "file":
        return None
    return Found(info["size"], _changed(info))


def exists(path: str) -> bool:
    """Return whether there is an object, or a folder with any."""
    system, name = connected(path)
    return tried(path, system.exists, name)


def _changed(info: dict) -> float:
    names = ("mtime", "LastModified", "created")
    value = next((info[name] for name in names if name in info), 0.0)
    return value if isinstance(value, float) else value.timestamp()


def read(path: str, start: int | None = None, end: int | None = None) -> bytes:
    """Return the content of an object, or the bytes from `start` to `end`.

    Raises FileNotFoundError where there is none.
    """
    if path in _rows:
        return bytes(_rows[path][start:end])
    system, name = connected(path)
    try:
        return tried(path, system.cat_file, name, start=start, end=end)
    except FileNotFoundError:
        raise FileNotFoundError(path) from None


def write(path: str, content: bytes) -> None:
    """Write an object whole."""
    _check_fences(path)
    _rows.pop(path, None)
    system, name = connected(path)
    tried(path, system.pipe_file, name, content)


def create(path: str, content: bytes) -> bool:
    """Write an object that must be new; return whether it is.

    Of several that try at once one succeeds. The content must be the
    caller's alone, so that a request that was made twice is told.
    """
    system, name = connected(path)
    try:
        tried(path, system.pipe_file, name, content, mode="create")
    except FileExistsError:
        return find(path) is not None and read(path) == content
    return True


def upload(source: str | os.PathLike, path: str) -> None:
    """Copy a file of this machine to a store."""
    _check_fences(path)
    system, name = connected(path)
    tried(path, system.put_file, os.fspath(source), name)


def download(path: str, target: str | os.PathLike) -> None:
    """Copy an object to a file of this machine."""
    system, name = connected(path)

    def copy() -> None:
        expected = system.info(name)["size"]
        system.get_file(name, os.fspath(target))
        size = os.path.getsize(target)
        if size != expected:
            raise OSError(f"{size} bytes were read of {expected}")

    tried(path, copy)


def rename(path: str, new: str) -> None:
    """Copy an object to another name in its store, then remove the first."""
    _check_fences(new)
    system, name = connected(path)
    tried(path, system.cp_file, name, connected(new)[1])
    remove(path)


def remove(path: str) -> None:
    """Remove an object, if it is there."""
    _check_fences(path)
    system, name = connected(path)
    with contextlib.suppress(FileNotFoundError):
        tried(path, system.rm_file, name)


# ---- Many objects ------------------------------------------------------------


def is_folder(path: str) -> bool:
    """Return whether there is anything below a path."""
    system, name = connected(path)
    return tried(path, system.isdir, name)


def names_in(folder: str) -> list[str]:
    """Return the names in a folder, sorted; none where it is not there."""
    system, name = connected(folder)
    try:
        listed = tried(folder, system.ls, name, detail=False)
    except (FileNotFoundError, NotADirectoryError):
        return []
    below = [path.rstrip("/") for path in listed]
    names = {path.rpartition("/")[2] for path in below if path != name}
    return sorted(names - {""})


def files_below(path: str) -> list[tuple[str, int]]:
    """Return the objects at or below a path, with their sizes."""
    system, name = connected(path)
    start = _before(path, name)
    found = tried(path, system.find, name, detail=True)
    return [
        (start + below, info["size"])
        for below, info in found.items()
        if info["type"] == "file"
    ]


def matching(pattern: str) -> list[str]:
    """Return the objects and folders that a pattern matches."""
    system, name = connected(pattern)
    start = _before(pattern, name)
    return [start + found for found in tried(pattern, system.glob, name)]


def remove_folder(path: str) -> None:
    """Remove all that is below a path."""
    _check_fences(path)
    system, name = connected(path)
    with contextlib.suppress(FileNotFoundError):
        tried(path, system.rm, name, recursive=True)


def _before(path: str, name: str) -> str:
    """Return what comes before the names of a store, to make them paths."""
    return os.fspath(path).rstrip("/").removesuffix(name)


# ---- What is written later ---------------------------------------------------

# The content of files that rows were added to, until they are written.
_rows: dict[str, bytearray] = {}


def add(path: str, content: bytes) -> None:
    """Add to an object, which is written again by the next `flush`."""
    if path not in _rows:
        there = find(path) is not None
        _rows[path] = bytearray(read(path) if there else b"")
    _rows[path] += content


# Folders of this machine whose files are copied to a store, and what of them
# has been: the size by path.
_mirrors: dict[str, tuple[tempfile.TemporaryDirectory, dict[str, int]]] = {}


def mirror(folder: str) -> str:
    """Return a folder of this machine whose files `flush` copies to a store.

    They may be added to, and are not removed.
    """
    if folder not in _mirrors:
        made = tempfile.TemporaryDirectory(prefix="electra-")
        _mirrors[folder] = (made, {})
    return _mirrors[folder][0].name


def flush(folder: str) -> None:
    """Write the objects below a folder that something was added to.

    Likewise those of folders whose names begin with its own, see `fence`.
    """
    for path, content in [*_rows.items()]:
        if path.startswith(folder):
            write(path, bytes(content))
    for place, (made, copied) in _mirrors.items():
        if place.startswith(folder):
            _copy_changed(made.name, place, copied)


def _copy_changed(source: str, folder: str, copied: dict[str, int]) -> None:
    for below, _, names in os.walk(source):
        for path in (os.path.join(below, name) for name in names):
            size = os.path.getsize(path)
            if copied.get(path) != size:
                name = os.path.relpath(path, source)
                upload(path, f"{folder.rstrip('/')}/{name}")
                copied[path] = size


# ---- Claims that were lost ---------------------------------------------------

# What to ask before anything below a folder is changed.
_fences: dict[str, Callable[[str], None]] = {}


def fence(folder: str, check: Callable[[str], None] | None) -> None:
    """Have `check` called before a path in a folder changes; None ends it.

    Folders whose names begin with its own, as those of a run's trials do,
    belong to it.

    It raises an error to prevent the change.
    """
    if check is None:
        _fences.pop(folder, None)
    else:
        _fences[folder] = check


def _check_fences(path: str) -> None:
    for folder, check in [*_fences.items()]:
        if os.fspath(path).startswith(folder):
            check(os.fspath(path))
