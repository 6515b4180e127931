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

    By this name or, on this machine, by another one that links give it.

    >>> takes("text/*.txt", "text/a.txt"), takes("text/*.txt", "text/a/b.txt")
    (True, False)
    >>> takes("text/**", "text/a/b.txt"), takes("text", "text/.hidden/b.txt")
    (True, False)
    """
    fixed, patterns = _split(place)
    root = _resolved(fixed)
    whole = _resolved(path)
    if whole.is_relative_to(root):
        below = whole.relative_to(root).parts
        if not _hides(below) and _match_any(below, patterns):
            return True
    remote = files.is_remote(place) or files.is_remote(path)
    return not remote and _links_lead_to(place, pathlib.Path(whole))


def _split(place: str) -> tuple[str, list[str]]:
    """Return the start of a place without wildcards, and the parts after it.

    Those of a pattern for folders, which ends in a slash, end in "".
    """
    parts = place.split("/")
    fixed = len(parts)
    wild = [bool(_WILDCARD.search(part)) for part in parts]
    if any(wild) and not files.exists(place):
        fixed = [*wild, True].index(True)
    patterns = [part for part in parts[fixed:-1] if part] + parts[fixed:][-1:]
    start = "/".join(parts[:fixed]) or ("/" if place[:1] == "/" else ".")
    return start, patterns


def _hides(names: Sequence[str]) -> bool:
    return any(name.startswith(".") for name in names)


def _match_any(below: Sequence[str], patterns: Sequence[str]) -> bool:
    """Return whether a path below a root, or a folder it is in, matches."""
    if patterns and not patterns[-1]:  # Folders alone.
        below, patterns = below[:-1], patterns[:-1]
    tops = (below[:number] for number in range(len(below) + 1))
    return any(_matches(top, patterns) for top in tops)


def _links_lead_to(place: str, path: pathlib.Path) -> bool:
    """Return whether links among what `find` finds lead to a path."""
    below = {}  # Names from a folder to the path, where none is hidden.
    for start in (path, *path.parents):
        names = path.relative_to(start).parts
        if not _hides(names) and os.path.exists(start):
            below[_identity(os.stat(start))] = names
    fixed, patterns = _split(place)
    matches = functools.partial(glob.glob, recursive=True)
    with contextlib.suppress(OSError):  # `find` will say what is wrong.
        # The pattern's next parts hold within folders that its first match.
        for number in range(1, len(patterns)):
            first, rest = patterns[:number], patterns[number:]
            rest = ["**"] * (first[-1] == "**") + rest
            for folder in matches("/".join([fixed, *first, ""])):
                names = below.get(_identity(os.stat(folder)))
                if names and _match_any(names, rest):
                    return True
        found = _find(place, os.path.lexists, os.path.isdir, matches, _linked)
        return any(identity in below for _, identity in found[1])
    return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _linked(top: str, parents: frozenset = frozenset()) -> Iterator:
    """Yield (path, identity) of a path, and of folders and links below it."""
    status = os.stat(top)
    identity = _identity(status)
    yield top, identity
    if not stat.S_ISDIR(status.st_mode) or identity in parents:
        return
    with os.scandir(top) as entries:
        for entry in entries:
            if _hides([entry.name]):
                continue
            if entry.is_symlink() or entry.is_dir():
                yield from _linked(entry.path, parents | {identity})


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
