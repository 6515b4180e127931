"""How far a build is, counted by many processes and shown by one."""

import sys
import time

BYTES_PER_MB = 1_000_000
SECONDS_BETWEEN_LINES = 5.0

_BYTES, _EXAMPLES, _STOP = range(3)


class Stopped(Exception):  # noqa: N818 (not an error)
    """The build is being given up; another process knows why."""


class Progress:
    """Counters that processes share.

    Args:
        context: A `multiprocessing` context; gives the shared memory.
        total_bytes: How much text there is.
        done_bytes: How much of it was done in an earlier run.
    """

    def __init__(self, context, total_bytes: int, done_bytes: int = 0):
        self._counters = context.Array("q", 3)
        self._total = total_bytes
        self._before = done_bytes
        self._began = self._shown = time.monotonic()

    def add(self, size: int, examples: int) -> None:
        """Count bytes read and examples made; raise Stopped if told to."""
        with self._counters.get_lock():
            self._counters[_BYTES] += size
            self._counters[_EXAMPLES] += examples
        if self._counters[_STOP]:
            raise Stopped

    def stop(self) -> None:
        """Make all workers stop at their next piece of text."""
        self._counters[_STOP] = 1

    def show_if_due(self) -> None:
        """Print a line, if the last one is some seconds old."""
        now = time.monotonic()
        if now - self._shown >= SECONDS_BETWEEN_LINES:
            self._shown = now
            print(self.line(now - self._began), file=sys.stderr, flush=True)

    def line(self, seconds: float) -> str:
        """Say how much is done, how fast it goes, and the time left."""
        now = self._counters[_BYTES]
        speed = now / max(seconds, 1e-9)
        done = self._before + now
        left = f"{(self._total - done) / speed:.0f} s left" if now else "..."
        return (
            f"{done / BYTES_PER_MB:.1f} of {self._total / BYTES_PER_MB:.1f} MB,"
            f" {speed / BYTES_PER_MB:.2f} MB/s,"
            f" {self._counters[_EXAMPLES]} examples, {left}"
        )

    def summary(self) -> str:
        """Say how much text it was and how long it took."""
        seconds = time.monotonic() - self._began
        size = self._counters[_BYTES] / BYTES_PER_MB
        return f"{size:.1f} MB of text in {seconds:.1f} s"
