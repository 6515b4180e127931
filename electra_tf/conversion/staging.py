"""Models in stores: read from a copy on this machine, and written there first.

The formats' readers and writers know files of this machine alone.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator

from electra_tf.io import files, listing, stores

_CHECKPOINT = re.compile(r"(.+-(\d+))\.(?:index|data-\d+-of-\d+)")
# Of a run's folder, and of no model.
_OF_RUNS = re.compile(
    r"summaries/|results/|lock$|events\.|.*\.(?:damaged|rolled_back)$"
)


@contextlib.contextmanager
def at_hand(path: str) -> Iterator[str]:
    """Yield a model's path on this machine, the same one or a copy's.

    Of a folder's checkpoints the newest is copied; of the files beside a
    checkpoint those that are no other checkpoint's.

    Raises:
        FileNotFoundError: when there is nothing.
    """
    if not files.is_remote(path):
        yield path
        return
    folder, prefix = path.rstrip("/"), None
    if files.exists(f"{folder}.index"):
        folder, _, prefix = folder.rpartition("/")
    names = [
        place.removeprefix(f"{folder}/")
        for place, _ in stores.files_below(folder)
    ]
    if not names:
        raise FileNotFoundError(absent(path))
    with tempfile.TemporaryDirectory(prefix="electra-model-") as here:
        kept = wanted(names, prefix)
        files.check_room([f"{folder}/{name}" for name in kept], here)
        for name in kept:
            target = os.path.join(here, os.path.dirname(name))
            os.makedirs(target, exist_ok=True)
            files.fetched(f"{folder}/{name}", target)
        yield os.path.join(here, prefix or "").rstrip("/")


def absent(path: str) -> str:
    """Say that there is no model."""
    return (
        f"No checkpoint at {path}, and no folder. Train that model first, or "
        "name one that is there (to fine-tune: --init_checkpoint)."
    )


def wanted(names: list[str], prefix: str | None) -> list[str]:
    """Return the files of a folder that make a model.

    >>> wanted(["a-1.index", "a-2.index", "config.json", "lock"], None)
    ['a-2.index', 'config.json']
    >>> wanted(["a-1.index", "a-2.index", "config.json"], "a-1")
    ['a-1.index', 'config.json']
    """
    steps = {
        match[1]: int(match[2])
        for match in map(_CHECKPOINT.fullmatch, names)
        if match and f"{match[1]}.index" in names
    }
    chosen = prefix or max(steps, key=steps.get, default=None)
    kept = []
    for name in names:
        match = _CHECKPOINT.fullmatch(name)
        if (match is None or match[1] == chosen) and not _OF_RUNS.match(name):
            kept.append(name)
    return kept


@contextlib.contextmanager
def written(path: str) -> Iterator[str]:
    """Yield the folder to write a model to, and copy it to its store then.

    Raises:
        FileExistsError: when there is something at a path in a store.
    """
    if not files.is_remote(path):
        yield path
        return
    files.check_writable(path, "--to")
    if listing.names_in(path):
        raise FileExistsError(
            f"{path} is not empty. Give --to a folder that is not there yet."
        )
    with tempfile.TemporaryDirectory(prefix="electra-model-") as here:
        yield here
        _send(here, path, "config.json")


@contextlib.contextmanager
def replaced(path: str, last: str) -> Iterator[str]:
    """Yield a new folder to write a model to, and put it in a path's place.

    Args:
        path: where to.
        last: the file without which the folder is no model.
    """
    if not files.is_remote(path):
        new = f"{path}.new"
        shutil.rmtree(new, ignore_errors=True)
        yield new
        shutil.rmtree(path, ignore_errors=True)
        os.rename(new, path)
        return
    with tempfile.TemporaryDirectory(prefix="electra-model-") as here:
        yield here
        files.remove(f"{path}/{last}")
        files.remove_folder(path)
        _send(here, path, last)


def _send(here: str, path: str, last: str) -> None:
    """Copy a folder of this machine to a store, one of its files last."""
    places = [place for place, _ in listing.find(here)[1]]
    places.sort(key=lambda place: os.path.basename(place) == last)
    for place in places:
        stores.upload(
            place, f"{path.rstrip('/')}/{os.path.relpath(place, here)}"
        )
