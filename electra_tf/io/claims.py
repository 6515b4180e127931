"""Folders that one process at a time may write to, and disks that are full.

No TensorFlow here, so that a program is refused at once.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import sys
from collections.abc import Iterator

from electra_tf.io import files

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)
LOCK_FILE = "lock"
BYTES_PER_MB = 1_000_000


class ClaimError(OSError):
    """A folder that cannot be written to, or that another process uses."""


class DiskFullError(OSError):
    """There is no room for what has to be written."""


@contextlib.contextmanager
def claimed(folder: str, what: str, option: str) -> Iterator[None]:
    """Keep other processes out of a folder; makes the folder.

    By `flock` on its file `lock`, which the system lets go of when the
    process ends, however it ends. Where the file system has no such locks,
    and in buckets (`gs://...`), nothing is kept out.

    Args:
        folder: the folder.
        what: what it is of, for messages: "run", say.
        option: the flag by which to give another folder.

    Raises:
        ClaimError: another process is in it, or it cannot be written to.
    """
    if files.is_remote(folder):
        yield
        return
    with _lock_file(folder, what, option) as file:
        _lock(file, folder, what, option)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _lock_file(folder: str, what: str, option: str):
    try:
        os.makedirs(folder, exist_ok=True)
        return open(os.path.join(folder, LOCK_FILE), "a+", encoding="utf-8")
    except OSError as error:
        if error.errno in FULL:
            raise
        raise ClaimError(
            f"Cannot write to the {what}'s folder {folder}: {error.strerror}. "
            "Expected a folder to make, or one to write to. Change its "
            f"permissions, or give another {option}."
        ) from error


def _lock(file, folder: str, what: str, option: str):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read() or "another process"
        raise ClaimError(
            f"The {what}'s folder {folder} is in use by {owner}. Two processes "
            "would overwrite each other's files: wait for it or stop it, or "
            f"give another {option}."
        ) from None
    except OSError as error:
        print(
            f"{folder} cannot be locked ({error.strerror}); see to it that "
            "no other process uses it.",
            file=sys.stderr,
        )


@contextlib.contextmanager
def full_disk_explained(folder: str, what: str, left: str) -> Iterator[None]:
    """Turn failures for lack of room into a `DiskFullError`.

    Args:
        folder: where there is no room.
        what: what it is of, for the message.
        left: what of it is whole, and how to go on: one or two sentences.
    """
    try:
        yield
    except Exception as error:
        reason = _no_room(error)
        if reason is None:
            raise
        there = folder if os.path.exists(folder) else os.path.dirname(folder)
        free = shutil.disk_usage(there or ".").free / BYTES_PER_MB
        raise DiskFullError(
            f"Cannot write to the {what}'s folder {folder}: {reason} "
            f"({free:.1f} MB free). {left}"
        ) from error


def _no_room(error: Exception) -> str | None:
    """The reason, if an error says that the disk or a quota is full.

    >>> _no_room(OSError(errno.ENOSPC, "No space left on device"))
    'No space left on device'
    >>> _no_room(OSError(errno.ENOENT, "No such file")) is None
    True
    """
    # TensorFlow's errors have the system's words, and no number.
    for reason in map(os.strerror, FULL):
        if reason in str(error):
            return reason
    return None
