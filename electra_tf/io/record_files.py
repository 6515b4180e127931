"""Which files of records a pattern means, and what tells them from others."""

import concurrent.futures
import fnmatch
import functools
import glob
import hashlib
import os
import re
import stat
import sys
import tempfile

from electra_tf.io import (
    connections,
    files,
    listing,
    manifest,
    records,
    stores,
)
from electra_tf.io.records import RecordsError

_SHARD = re.compile(r"(.+)-(\d+)-of-(\d+)")
PATIENCE = 60.0  # Seconds that a file may take to answer.
_COPIED_AT_ONCE = 8  # Files of a store.
_NAMED = 5  # Missing shards that a message names.


def matching(pattern: str) -> list[str]:
    """Return the files that a pattern matches, sorted.

    A folder that is there by this very name is taken as it is, whatever
    characters it has: only the file's name is a pattern then.
    """
    pattern = connections.expanded(pattern)
    if files.is_remote(pattern):
        return sorted(stores.matching(pattern))
    folder, name = os.path.split(pattern)
    if not os.path.isdir(folder or "."):
        return sorted(glob.glob(pattern))
    names = [n for n in os.listdir(folder or ".") if not n.startswith(".")]
    found = fnmatch.filter(names, name) or [n for n in names if n == name]
    return sorted(os.path.join(folder, name) for name in found)


def find(pattern: str) -> list[str]:
    """Return the shards that a pattern matches, sorted.

    Raises:
        FileNotFoundError: when there are none.
        RecordsError: when one of those that it would match is missing, is no
            file, or does not answer.
    """
    found = matching(pattern)
    if not found:
        raise FileNotFoundError(
            f"No records at {pattern}. Build them with python -m "
            "data_prep.build_pretraining_dataset --output_dir "
            f"{os.path.dirname(pattern)}, or give --pretrain_tfrecords."
        )
    _check_complete(found, pattern)
    for path in found:
        if not files.is_remote(path) and not _is_file(path):
            raise RecordsError(
                f"{path} is no file but a pipe, folder or device. Expected "
                "files of records; remove it, or give another "
                "--pretrain_tfrecords."
            )
    silent = listing.first_silent(found, PATIENCE)
    if silent is not None:
        raise RecordsError(
            f"{silent} has not answered for {PATIENCE} seconds. Look at the "
            "disk or network that holds it."
        )
    return found


@functools.cache
def _copies_of(folder: str) -> tempfile.TemporaryDirectory:
    """Return a folder for copies of another's files; it has its manifest.

    It is there for as long as the process lives.
    """
    made = tempfile.TemporaryDirectory(prefix="electra-records-")
    path = os.path.join(folder, manifest.FILE_NAME)
    if files.exists(path):
        files.fetched(path, made.name)
    return made


@functools.cache
def _copy(path: str) -> str:
    return files.fetched(path, _copies_of(os.path.dirname(path)).name)


def at_hand(paths: list[str]) -> list[str]:
    """Return paths of this machine; what has a scheme is copied to it once.

    Training reads records again and again, and by TensorFlow, to which few
    schemes are known.
    """
    remote = [path for path in paths if files.is_remote(path)]
    if remote:
        folder = os.path.dirname(remote[0])
        print(f"Copying {len(remote)} files of {folder}.", file=sys.stderr)
        files.check_room(remote, _copies_of(folder).name)
        with concurrent.futures.ThreadPoolExecutor(_COPIED_AT_ONCE) as pool:
            list(pool.map(_copy, remote))
    return [_copy(path) if path in remote else path for path in paths]


def find_shards(folder: str, held_out: bool = False) -> list[str]:
    """Return the paths of a build's shards by number.

    Raises FileNotFoundError for none, RecordsError if some are missing, or
    they are of several builds.
    """
    stem = records.HELD_OUT_STEM if held_out else records.TRAINING_STEM
    matches = map(_SHARD.fullmatch, listing.names_in(folder))
    shards = [match for match in matches if match and match[1] == stem]
    if not shards:
        raise FileNotFoundError(
            f"No files {stem}-<k>-of-<n> in {folder}. {records.REBUILD}, with"
            f" --output_dir={folder}, or give the folder that has them."
        )
    counts = sorted({int(match[3]) for match in shards})
    if len(counts) > 1:
        raise RecordsError(
            f"{folder} holds shards of more than one build: {stem}-<k>-of-<n>"
            f" with n = {', '.join(map(str, counts))}. Keep those of one."
        )
    shards.sort(key=lambda match: int(match[2]))
    found = [os.path.join(folder, match[0]) for match in shards]
    _check_complete(found, os.path.join(folder, f"{stem}*"))
    return found


def _is_file(path: str) -> bool:
    return stat.S_ISREG(os.stat(path).st_mode)


def _check_complete(found: list[str], pattern: str) -> None:
    names = {os.path.basename(path) for path in found}
    sets = {(m[1], int(m[3])) for m in map(_SHARD.fullmatch, names) if m}
    wanted = os.path.basename(pattern)
    missing = [
        name
        for stem, number in sorted(sets)
        for name in _names(stem, number, names)
        if name not in names and fnmatch.fnmatch(name, wanted)
    ]
    if missing:
        more = ", ..." if len(missing) > _NAMED else ""
        raise RecordsError(
            f"{len(missing)} shards that {pattern} matches are missing: "
            f"{', '.join(missing[:_NAMED])}{more}. Copy them again, or build "
            "the records again."
        )


def _names(stem: str, number: int, like: set[str]) -> list[str]:
    """Return all names of a set, with zeros before numbers if `like` has."""
    matches = [m for m in map(_SHARD.fullmatch, like) if m and m[1] == stem]
    of = next(m[3] for m in matches if int(m[3]) == number)
    padded = any(len(m[2]) > 1 and m[2].startswith("0") for m in matches)
    width = len(of) if padded else 1
    return [f"{stem}-{k:0{width}}-of-{of}" for k in range(number)]


def facts(paths: list[str]) -> dict[str, str | int | None]:
    """Return what tells some shards from others.

    Their names, and the digest of their folders' manifests; where one has none
    their sizes.
    """
    folders = dict.fromkeys(map(os.path.dirname, paths))
    found = [os.path.join(folder, manifest.FILE_NAME) for folder in folders]
    digest = None
    listed = [os.path.basename(shard) for shard in paths]
    if all(files.size(path) is not None for path in found):
        digest = hashlib.sha256(b"".join(map(files.read, found))).hexdigest()
    else:
        listed = [
            f"{name}\t{files.size(shard)}"
            for name, shard in zip(listed, paths, strict=True)
        ]
    names = "\n".join(listed).encode("utf-8", "surrogateescape")
    return {
        "manifest_sha256": digest,
        "shards": len(paths),
        "shard_names_sha256": hashlib.sha256(names).hexdigest(),
    }
