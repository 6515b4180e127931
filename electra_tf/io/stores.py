"""Storage of other machines, by a scheme: gs://, s3://, memory:// and others.

fsspec serves all of them, so that every store is read and written in one way,
and without TensorFlow, which takes seconds to import and has no s3. (It reads
records of `gs://` by itself, as they need not be copied then.)

What stores have in common is relied on, and nothing else: an object is written
by one upload, whole or not at all; one that must be new is refused by the
store where there is one. Failures that may pass are tried again, up to
`PATIENCE` seconds, counted, and told when the program ends.
"""

import atexit
import collections
import contextlib
import functools
import logging
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from electra_tf.errors import UserError

ResultT = TypeVar("ResultT")
PATIENCE = 180.0  # Seconds that a store may fail for.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # Seconds.
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
_EXTRAS = {"gs": "gcs", "gcs": "gcs", "s3": "s3", "s3a": "s3"}
_READ_ONLY = ("http", "https")
# What will be so the next time, too.
_LASTING = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    NotImplementedError,
    UserError,
)
_LASTING_WORDS = re.compile("forbidden|credential|bucket does not exist", re.I)
_OPTIONS: dict[str, dict[str, Any]] = {
    # Each failure is ours to count, and to be patient with.
    "s3": {"config_kwargs": {"retries": {"max_attempts": 0}}},
    "file": {"auto_mkdir": True},
}
repeated: collections.Counter = collections.Counter()


class Found(NamedTuple):
    """An object of a store."""

    size: int  # Bytes.
    changed: float  # Seconds since 1970, by the store's clock.


def scheme(path: str | os.PathLike) -> str | None:
    """Return the scheme of a path; None for one of this machine.

    >>> scheme("gs://bucket/corpus"), scheme("corpus/a.txt")
    ('gs', None)
    """
    match = _SCHEME.match(os.fspath(path))
    return match[1] if match else None


def _on(path: str | os.PathLike) -> tuple[Any, str]:
    """Return a store, and the name of a path in it."""
    from fsspec import core

    kind = scheme(path)
    extra = _EXTRAS.get(kind)
    try:
        system, name = core.url_to_fs(
            os.fspath(path), use_listings_cache=False, **_OPTIONS.get(kind, {})
        )
    except ImportError as error:
        package = f"electra_tf[{extra}]" if extra else "the package it names"
        raise UserError(
            f"{kind}:// needs a package that is not installed ({error})."
            f" Install {package} by pip."
        ) from None
    except ValueError:
        raise UserError(
            f"{kind}:// is no kind of storage that is known here. Expected a"
            " path of this machine, gs:// or s3://, or another scheme of the"
            f" package fsspec. Received: {os.fspath(path)!r}."
        ) from None
    if extra == "s3":
        system.retries = 1
    if extra == "gcs":
        _count_repetitions_of_gcsfs()
    return system, name.rstrip("/")


@functools.cache
def _count_repetitions_of_gcsfs() -> None:
    """Count what gcsfs tries again by itself, which only its log tells."""

    def count(record: logging.LogRecord) -> bool:
        repeated["gs"] += "retrying after exception" in record.msg
        return False  # What it cannot mend is raised, and told once.

    logger = logging.getLogger("gcsfs")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(count)


def check_writable(path: str, name: str) -> None:
    """Raise a `UserError` unless a store can be written to."""
    kind = scheme(path)
    if kind in _READ_ONLY:
        raise UserError(
            f"{name} cannot be written to over {kind}. Received: {path!r}."
            " Give a folder, or one of gs:// or s3://."
        )
    _on(path)


def _tried(path: str, call: Callable[..., ResultT], *args, **kwargs) -> ResultT:
    """Call a function of a store; again when it fails in a way that passes."""
    end, wait = time.monotonic() + PATIENCE, _FIRST_WAIT
    while True:
        try:
            return call(*args, **kwargs)
        except _LASTING:
            raise
        except Exception as error:
            if not _passes(error) or time.monotonic() + wait > end:
                raise OSError(f"{path}: {error or repr(error)}") from error
            repeated[scheme(path)] += 1
            time.sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, _LONGEST_WAIT)


def _passes(error: Exception) -> bool:
    """Return whether an error may be gone the next time.

    >>> _passes(OSError("503 Slow Down")), _passes(OSError("Forbidden: a"))
    (True, False)
    """
    code = str(getattr(error, "code", ""))
    if code.startswith("4") and code not in ("408", "429"):
        return False
    if isinstance(error, (TypeError, AttributeError, ValueError)):
        return False
    return not _LASTING_WORDS.search(str(error))


@atexit.register
def tell_repetitions() -> None:
    """Say on stderr how many requests had to be made again, if any."""
    for kind, number in repeated.items():
        if number:
            print(
                f"{number} requests to {kind}:// failed and were made again.",
                file=sys.stderr,
            )
    repeated.clear()


# ---- One object --------------------------------------------------------------


def find(path: str) -> Found | None:
    """Return size and time of an object; None if there is none."""
    system, name = _on(path)
    try:
        info = _tried(path, system.info, name)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if info["type"] != "file":
        return None
    return Found(info["size"], _changed(info))


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
    system, name = _on(path)
    try:
        return _tried(path, system.cat_file, name, start=start, end=end)
    except FileNotFoundError:
        raise FileNotFoundError(path) from None


def write(path: str, content: bytes) -> None:
    """Write an object whole."""
    _check_fences(path)
    _rows.pop(path, None)
    system, name = _on(path)
    _tried(path, system.pipe_file, name, content)


def create(path: str, content: bytes) -> bool:
    """Write an object that must be new; return whether it is.

    Of several that try at once one succeeds. The content must be the
    caller's alone, so that a request that was made twice is told.
    """
    system, name = _on(path)
    try:
        _tried(path, system.pipe_file, name, content, mode="create")
    except FileExistsError:
        return find(path) is not None and read(path) == content
    return True


def upload(source: str | os.PathLike, path: str) -> None:
    """Copy a file of this machine to a store."""
    _check_fences(path)
    system, name = _on(path)
    _tried(path, system.put_file, os.fspath(source), name)


def download(path: str, target: str | os.PathLike) -> None:
    """Copy an object to a file of this machine."""
    system, name = _on(path)
    size = find(path)
    _tried(path, system.get_file, name, os.fspath(target))
    if size is None or os.path.getsize(target) != size.size:
        raise OSError(
            f"{path} was not read whole: {os.path.getsize(target)} bytes of"
            f" {size.size if size else 'none'}."
        )


def rename(path: str, new: str) -> None:
    """Copy an object to another name in its store, then remove the first."""
    _check_fences(new)
    system, name = _on(path)
    _tried(path, system.cp_file, name, _on(new)[1])
    remove(path)


def remove(path: str) -> None:
    """Remove an object, if it is there."""
    _check_fences(path)
    system, name = _on(path)
    with contextlib.suppress(FileNotFoundError):
        _tried(path, system.rm_file, name)


# ---- Many objects ------------------------------------------------------------


def is_folder(path: str) -> bool:
    """Return whether there is anything below a path."""
    system, name = _on(path)
    return _tried(path, system.isdir, name)


def names_in(folder: str) -> list[str]:
    """Return the names in a folder, sorted; none where it is not there."""
    system, name = _on(folder)
    try:
        listed = _tried(folder, system.ls, name, detail=False)
    except (FileNotFoundError, NotADirectoryError):
        return []
    below = [path.rstrip("/") for path in listed]
    names = {path.rpartition("/")[2] for path in below if path != name}
    return sorted(names - {""})


def files_below(path: str) -> list[tuple[str, int]]:
    """Return the objects at or below a path, with their sizes."""
    system, name = _on(path)
    start = _before(path, name)
    found = _tried(path, system.find, name, detail=True)
    return [
        (start + below, info["size"])
        for below, info in found.items()
        if info["type"] == "file"
    ]


def matching(pattern: str) -> list[str]:
    """Return the objects and folders that a pattern matches."""
    system, name = _on(pattern)
    start = _before(pattern, name)
    return [start + found for found in _tried(pattern, system.glob, name)]


def remove_folder(path: str) -> None:
    """Remove all that is below a path."""
    _check_fences(path)
    system, name = _on(path)
    with contextlib.suppress(FileNotFoundError):
        _tried(path, system.rm, name, recursive=True)


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
    """Write the objects below a folder that something was added to."""
    start = f"{folder.rstrip('/')}/"
    for path, content in [*_rows.items()]:
        if path.startswith(start):
            write(path, bytes(content))
    for place, (made, copied) in _mirrors.items():
        if place.startswith(start):
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

    It raises an error to prevent the change.
    """
    if check is None:
        _fences.pop(folder, None)
    else:
        _fences[folder] = check


def _check_fences(path: str) -> None:
    for folder, check in [*_fences.items()]:
        if os.fspath(path).startswith(f"{folder.rstrip('/')}/"):
            check(os.fspath(path))
