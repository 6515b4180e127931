"""Folders that one process at a time may write to, and disks that are full.

No TensorFlow here, so that a program is refused at once.
"""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

from electra_tf.io import files, stores

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)
BYTES_PER_MB = 1_000_000
LONGEST_OWNER = 1000  # Bytes.
LOCK_FILE = ".lock"  # In stores, where nothing else is locked.
HEARTBEAT = 30.0  # Seconds between an owner's changes of the object there.
DEAD = 180.0  # Seconds without one, of an owner that is gone.
_LOOKS = 36  # At the object meanwhile.


class ClaimError(OSError):
    """A folder that cannot be written to, or that another process uses."""


class DiskFullError(OSError):
    """There is no room for what has to be written."""

    exit_status = os.EX_IOERR


@contextlib.contextmanager
def claimed(
    folder: str | os.PathLike,
    name: str,
    in_use: str,
    option: str,
    lock_file: str | None = None,
) -> Iterator[None]:
    """Keep other processes out of a folder; makes the folder.

    By `flock`, which the system lets go of when the process ends, however it
    ends. Where the file system has no such locks, nothing is kept out. In
    stores (`gs://...`) it is an object, see `_Lease`.

    Args:
        folder: the folder.
        name: how messages name it: "the run's folder DIR", say.
        in_use: what to say when another process is in it, a sentence; "OWNER"
            in it becomes that process's number and machine, if known.
        option: the flag by which to give another folder.
        lock_file: name of a file in the folder to lock, which then tells who
            owns the lock; None to lock the folder itself.

    Raises:
        ClaimError: another process is in it, or it cannot be written to.
    """
    if files.is_remote(folder):
        files.check_writable(folder, name)
        with _held(
            os.fspath(folder),
            lock_file or LOCK_FILE,
            lambda owner: _in_use(in_use, owner, option),
            lambda: _in_use(f"{name} was taken over.", "", option),
        ):
            yield
        return
    try:
        handle = _open(folder, lock_file)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise _refused(error, name, option) from error
    try:
        _lock(handle, name, in_use, option, named=lock_file is not None)
        yield
    finally:
        os.close(handle)


def _open(folder: str | os.PathLike, lock_file: str | None) -> int:
    os.makedirs(folder, exist_ok=True)
    if lock_file is None:
        return os.open(folder, os.O_RDONLY)
    path = os.path.join(folder, lock_file)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _lock(handle: int, name: str, in_use: str, option: str, named: bool):
    """Lock a file or folder; one that is `named` holds the owner's name."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(handle, LONGEST_OWNER) if named else b""
        owner = owner.decode("utf-8", "replace") or "another process"
        raise _in_use(in_use, owner, option) from None
    except OSError as error:
        print(
            f"Cannot lock {name} ({error.strerror}); see to it that no other "
            "process uses it.",
            file=sys.stderr,
        )
    if named:
        os.ftruncate(handle, 0)
        os.write(handle, _this_process().encode())


def _this_process() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


def _in_use(in_use: str, owner: str, option: str) -> ClaimError:
    return ClaimError(
        in_use.replace("OWNER", owner)
        + f" Wait for it or stop it, or give another {option}."
    )


class _Lease:
    """An object of a store that its owner keeps changing.

    One that has not changed for `DEAD` seconds, as who waits for it sees, had
    an owner that is gone, and is passed over: no clocks are compared. An owner
    that was thought dead and is not finds the object another's before it next
    changes anything, and stops.
    """

    def __init__(self, path: str, lost: Callable[[], Exception]):
        self._path, self._lost = path, lost
        self._token, self._beats = secrets.token_hex(), 0
        self._last = time.time()
        self._ended = threading.Event()
        self._one_at_a_time = threading.Lock()

    @property
    def content(self) -> bytes:
        owner, beat = _this_process(), self._beats
        values = {"owner": owner, "token": self._token, "beat": beat}
        return json.dumps(values).encode()

    def is_mine(self) -> bool:
        content = _read_lease(self._path)
        return content is not None and self._token.encode() in content

    def beat(self) -> None:
        """Change the object; raises an error when it is another's."""
        with self._one_at_a_time:
            if not self.is_mine():
                raise self._lost()
            self._beats += 1
            stores.write(self._path, self.content)
            self._last = time.time()

    def check(self, path: str) -> None:
        """Raise an error if others may have thought the owner dead."""
        if path != self._path and time.time() - self._last > DEAD / 2:
            self.beat()

    def keep(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            try:
                self.beat()
            except Exception:  # The next change of the folder tells of it.
                self._last = 0.0

    def end(self) -> None:
        self._ended.set()
        with self._one_at_a_time:
            if self.is_mine():
                stores.remove(self._path)


@contextlib.contextmanager
def _held(
    folder: str,
    name: str,
    taken: Callable[[str], Exception],
    lost: Callable[[], Exception],
) -> Iterator[None]:
    """Keep other processes out of a folder of a store by an object in it.

    `taken` makes the error of an owner that is alive, `lost` that of a claim
    that was passed on to another process.
    """
    path = f"{folder.rstrip('/')}/{name}"
    lease = _Lease(path, lost)
    if not stores.create(path, lease.content):
        _wait(path, taken)
        stores.remove(path)
        if not stores.create(path, lease.content):
            raise taken(_owner_of(_read_lease(path)))
        # Another that waited may have removed it meanwhile.
        time.sleep(DEAD / _LOOKS)
        if not lease.is_mine():
            raise taken(_owner_of(_read_lease(path)))
    stores.fence(folder, lease.check)
    threading.Thread(target=lease.keep, daemon=True).start()
    try:
        yield
    finally:
        stores.fence(folder, None)
        lease.end()


def _wait(path: str, taken: Callable[[str], Exception]) -> None:
    """Wait until an object is thought dead; an error if it changes."""
    before = _read_lease(path)
    if before is not None:
        print(
            f"{path} is of {_owner_of(before)}. If that is gone, this goes on"
            f" in {DEAD:.0f} seconds.",
            file=sys.stderr,
        )
    for _ in range(_LOOKS):
        if before is None:
            return
        time.sleep(DEAD / _LOOKS)
        now = _read_lease(path)
        if now is not None and now != before:
            raise taken(_owner_of(now))
        before = now


def _read_lease(path: str) -> bytes | None:
    with contextlib.suppress(FileNotFoundError):
        return stores.read(path)
    return None


def _owner_of(content: bytes | None) -> str:
    try:
        return json.loads(content or b"")["owner"]
    except (ValueError, KeyError, TypeError):
        return "another process"


@contextlib.contextmanager
def write_errors_explained(
    folder: str | os.PathLike, name: str, option: str, left: str
) -> Iterator[None]:
    """Say what to do when a folder is full or may not be written to.

    Args:
        folder: the folder.
        name: how messages name it: "the run's folder DIR", say.
        option: the flag by which to give another folder.
        left: what there is whole, and how to go on once there is room: one
            or two sentences.

    Raises:
        DiskFullError: in place of any error for lack of room.
        ClaimError: in place of an `OSError` that refuses a path in the folder.
    """
    try:
        yield
    except Exception as error:
        reason = _no_room(error)
        if reason is not None:
            free = _free_bytes(folder) / BYTES_PER_MB
            raise DiskFullError(
                f"No room in {name}: {reason} ({free:.1f} MB free). {left}"
            ) from error
        if _refuses(error, folder):
            raise _refused(error, name, option) from error
        raise


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


def _free_bytes(folder: str | os.PathLike) -> int:
    # What goes to a store is first written here.
    remote = files.is_remote(folder)
    folder = tempfile.gettempdir() if remote else os.path.abspath(folder)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return shutil.disk_usage(folder).free


def _refuses(error: Exception, folder: str | os.PathLike) -> bool:
    if not isinstance(error, OSError) or error.errno not in REFUSED:
        return False
    return str(error.filename or "").startswith(os.fspath(folder))


def _refused(error: OSError, name: str, option: str) -> ClaimError:
    return ClaimError(
        f"Cannot write to {name}: {error.strerror}. Expected a folder to make, "
        f"or one to write to. Change its permissions, or give another {option}."
    )
