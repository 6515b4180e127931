"""A run's folder: one process at a time, and what happens when it is full.

No TensorFlow here, so that a program is refused at once.
"""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import socket
import sys

from electra_tf.configs import hparams
from electra_tf.errors import UserError

LOCK_FILE = "lock"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RunFolderError(OSError):
    """A folder that cannot be used for a run."""


class DiskFullError(OSError):
    """There is no room for what a run has to write."""


@contextlib.contextmanager
def claimed(folder: str):
    """Keep other processes out of a run's folder; makes the folder.

    By `flock` on its file `lock`, which the system lets go of when the
    process ends, however it ends. Where the file system has no such locks,
    and in buckets (`gs://...`), nothing is kept out.

    Raises:
        RunFolderError: when another process is in it, or it is read-only.
    """
    if "://" in folder or not is_chief():
        yield
        return
    with _lock_file(folder) as file:
        _lock(file, folder)
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _lock_file(folder: str):
    try:
        os.makedirs(folder, exist_ok=True)
        return open(os.path.join(folder, LOCK_FILE), "a+", encoding="utf-8")
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise RunFolderError(
            f"Cannot write to the run's folder {folder}: {error.strerror}. "
            "Expected a folder to make, or one to write to. Change its "
            "permissions, or give another --model_dir."
        ) from error


def _lock(file, folder: str):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        owner = file.read() or "another process"
        raise RunFolderError(
            f"The run's folder {folder} is in use by {owner}. Two processes "
            "would overwrite each other's checkpoints: wait for it or stop "
            "it, or give another --model_name."
        ) from None
    except OSError as error:
        print(
            f"{folder} cannot be locked ({error.strerror}); see to it that "
            "no other process uses it.",
            file=sys.stderr,
        )


def is_chief() -> bool:
    """Say whether this process is the one of its workers that writes."""
    cluster, task = _cluster(), _tf_config().get("task", {})
    if not cluster or "chief" in cluster:
        return not cluster or task.get("type") == "chief"
    return task.get("type") == "worker" and int(task.get("index", 0)) == 0


def in_cluster() -> bool:
    """Say whether there are other workers."""
    return bool(_cluster())


def _cluster() -> dict:
    return _tf_config().get("cluster", {})


def _tf_config() -> dict:
    return json.loads(os.environ.get("TF_CONFIG") or "{}")


@contextlib.contextmanager
def full_disk_explained(folder: str):
    """Turn failures for lack of room into a `DiskFullError`."""
    try:
        yield
    except Exception as error:
        reason = _no_room(error)
        if reason is None:
            raise
        free = shutil.disk_usage(folder).free
        raise DiskFullError(
            f"Cannot write to the run's folder {folder}: {reason} "
            f"({free / 1e6:.1f} MB free). The checkpoints there are whole. "
            "Make room, and the same command goes on from the newest."
        ) from error


def _no_room(error: Exception) -> str | None:
    """The reason, if an error says that the disk or a quota is full.

    >>> _no_room(OSError(errno.ENOSPC, "No space left on device"))
    'No space left on device'
    >>> _no_room(OSError(errno.ENOENT, "No such file")) is None
    True
    """
    # TensorFlow's errors have the system's words, and no number.
    for reason in map(os.strerror, _FULL):
        if reason in str(error):
            return reason
    return None


def write_atomically(path: str, text: str):
    """Write a text file that is there whole, or as it was before."""
    file = pathlib.Path(path)
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, file)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def save_config(folder: str, config):
    """Write the config to the run's folder, or check it against the one there.

    Args:
        folder: str, the run's folder.
        config: `electra_tf.configs.hparams.Config`.

    Raises:
        ValueError: when the folder's run had another config.
    """
    path = os.path.join(folder, "config.json")
    if os.path.exists(path):
        hparams.check_same(_read_config(path), config)
    if is_chief():
        text = json.dumps(hparams.to_json(config), indent=1)
        write_atomically(path, text)


def _read_config(path: str) -> dict:
    """Read the config of an earlier start of a run."""
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        except ValueError as error:
            raise UserError(
                f"{path} is damaged ({error}). Expected the config that the "
                "run was started with: restore it, or delete it to go on "
                "with the settings given now."
            ) from error
