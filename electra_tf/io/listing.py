"""Which files there are below a place, and which do not answer.

Of this machine, and of stores by a scheme such as gs://. `files` has what is
in them.
"""

import contextlib
import fnmatch
import functools
import glob
import os
import pathlib
import re
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence

from electra_tf.io import files, stores

_WILDCARD = re.compile(r"[*?\[]")


def find(place: str) -> tuple[str, list[tuple[str, int]]]:
    """Return a root, and the files at or below a place with their sizes.

    A place is a file, a folder, or a pattern with `*`, `?`, `[...]` or `**`.
    Hidden files (their name starts with a dot) are passed over; links are
    followed.

    Raises:
        FileNotFoundError: there is nothing.
        OSError: something there may not be read, or is no file.
    """
    if not files.is_remote(place):
        matches = functools.partial(glob.glob, recursive=True)
        return _find(
            place, os.path.lexists, os.path.isdir, matches, _local_files
        )
    return _find(
        place,
        files.exists,
        stores.is_folder,
        stores.matching,
        stores.files_below,
    )


def takes(place: str, path: str) -> bool:
    """Return whether `find` would find what there is, or will be, at a path.

    >>> takes("text/*.txt", "text/a.txt"), takes("text/*.txt", "text/a/b.txt")
    (True, False)
    >>> takes("text/**", "text/a/b.txt"), takes("text", "text/.hidden/b.txt")
    (True, False)
    """
    parts = place.split("/")
    fixed = len(parts)
    wild = [bool(_WILDCARD.search(part)) for part in parts]
    if any(wild) and not files.exists(place):
        fixed = [*wild, True].index(True)
    start = "/".join(parts[:fixed])
    root = _resolved(start or ("/" if place.startswith("/") else "."))
    path = _resolved(path)
    if not path.is_relative_to(root):
        return False
    below = path.relative_to(root).parts
    if any(part.startswith(".") for part in below):
        return False
    # Of a folder that matches all is found.
    tops = (below[:number] for number in range(len(below) + 1))
    return any(_matches(top, parts[fixed:]) for top in tops)


def _resolved(path: str) -> pathlib.PurePath:
    if files.is_remote(path):
        return pathlib.PurePath(path)
    return pathlib.Path(path).resolve()


def _matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Return whether names of folders and a file match a pattern's parts."""
    if not patterns:
        return not names
    first, *rest = patterns
    if first == "**":
        starts = range(len(names) + 1)
        return any(_matches(names[start:], rest) for start in starts)
    matches = bool(names) and fnmatch.fnmatchcase(names[0], first)
    return matches and _matches(names[1:], rest)


def is_folder(path: str | os.PathLike) -> bool:
    """Return whether a path is a folder."""
    if files.is_remote(path):
        return stores.is_folder(os.fspath(path))
    return os.path.isdir(path)


def names_in(folder: str | os.PathLike) -> list[str]:
    """Return the names in a folder; none where it is not there."""
    if files.is_remote(folder):
        return stores.names_in(os.fspath(folder))
    return os.listdir(folder) if os.path.isdir(folder) else []


def _find(
    place: str, exists, is_folder, matches, files_below
) -> tuple[str, list[tuple[str, int]]]:
    """Find files by the functions of some storage."""
    root, tops = place, []
    if exists(place):
        root, tops = _parent(place), [place]
        if is_folder(place):
            root = place
    elif wildcard := _WILDCARD.search(place):
        # The folder that all matches of a pattern are in.
        root, tops = _parent(place[: wildcard.start()]), matches(place)
    if not tops:
        raise FileNotFoundError(
            f"No file or folder at {place}. Expected a folder of text, a file,"
            " or a pattern that some match."
        )
    found = {
        (path, size)
        for top in tops
        for path, size in files_below(top)
        if not _is_hidden(path, root)
    }
    return root, sorted(found)


def _is_hidden(path: str, root: str) -> bool:
    below = path.removeprefix(root) if path != root else ""
    return any(part.startswith(".") for part in below.split("/"))


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _local_files(top: str, parents: frozenset = frozenset()) -> Iterator:
    """Yield (path, size) of the files at or below a path."""
    with _errors_explained(top):
        status = os.stat(top)
        if is_file := stat.S_ISREG(status.st_mode):
            open(top, "rb").close()
    if is_file:
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


def first_silent(paths: Iterable[str], seconds: float) -> str | None:
    """Return the first file whose first byte cannot be had for so long.

    Such are pipes without a writer, and mounts that hang. A call that hangs
    cannot be ended, so another thread makes it. Files that cannot be read at
    once, or have a scheme, are not silent.
    """
    asked: list[str] = []

    def ask():
        for path in paths:
            asked.append(path)
            try:
                with open(path, "rb") as file:
                    file.read(1)
            except OSError:
                pass
        asked.append("")

    paths = [path for path in paths if not files.is_remote(path)]
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    before = -1
    while thread.is_alive() and before < len(asked):
        before = len(asked)
        thread.join(seconds)
    return (asked[-1] if asked else None) or None
