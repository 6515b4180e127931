"""Claims on folders of stores: an object that its owner keeps changing.

The store lets one of several processes make the object. Its owner changes it
every `HEARTBEAT` seconds and removes it in the end. One that has not changed
for `DEAD` seconds, as who waits for it sees, had an owner that is gone, and is
passed over: no clocks are compared. An owner that was thought dead and is not
finds the object another's before it next changes anything, and stops.
"""

import contextlib
import json
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

from electra_tf.io import stores

HEARTBEAT = 30.0  # Seconds, as are the others.
DEAD = 180.0
_LOOKS = 36  # At an object, while it does not change.


class _Lease:
    def __init__(self, path: str, lost: Callable[[], Exception]):
        self._path, self._lost = path, lost
        self._token, self._beats = secrets.token_hex(), 0
        self._last = time.time()
        self._ended = threading.Event()
        self._one_at_a_time = threading.Lock()

    @property
    def content(self) -> bytes:
        owner = f"process {os.getpid()} on {socket.gethostname()}"
        values = {"owner": owner, "token": self._token, "beat": self._beats}
        return json.dumps(values).encode()

    def is_mine(self) -> bool:
        content = _read(self._path)
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
def held(
    folder: str,
    name: str,
    taken: Callable[[str], Exception],
    lost: Callable[[], Exception],
) -> Iterator[None]:
    """Keep other processes out of a folder of a store.

    Args:
        folder: the folder.
        name: of the object in it.
        taken: function from its owner to the error when that one is alive.
        lost: function to the error when it was passed on to another process.
    """
    path = f"{folder.rstrip('/')}/{name}"
    lease = _Lease(path, lost)
    if not stores.create(path, lease.content):
        _wait(path, taken)
        stores.remove(path)
        if not stores.create(path, lease.content):
            raise taken(_owner(_read(path)))
        # Another that waited may have removed it meanwhile.
        time.sleep(DEAD / _LOOKS)
        if not lease.is_mine():
            raise taken(_owner(_read(path)))
    stores.fence(folder, lease.check)
    threading.Thread(target=lease.keep, daemon=True).start()
    try:
        yield
    finally:
        stores.fence(folder, None)
        lease.end()


def _wait(path: str, taken: Callable[[str], Exception]) -> None:
    """Wait until an object is thought dead; an error if it changes."""
    before = _read(path)
    if before is not None:
        print(
            f"{path} is of {_owner(before)}. If that is gone, this goes on in"
            f" {DEAD:.0f} seconds.",
            file=sys.stderr,
        )
    for _ in range(_LOOKS):
        if before is None:
            return
        time.sleep(DEAD / _LOOKS)
        now = _read(path)
        if now is not None and now != before:
            raise taken(_owner(now))
        before = now


def _read(path: str) -> bytes | None:
    with contextlib.suppress(FileNotFoundError):
        return stores.read(path)
    return None


def _owner(content: bytes | None) -> str:
    try:
        return json.loads(content or b"")["owner"]
    except (ValueError, KeyError, TypeError):
        return "another process"
