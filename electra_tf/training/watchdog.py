"""A warning when a run stands still."""

import contextlib
import logging
import threading
import time

from electra_tf.training.reporting import duration

_TIMES_THE_LONGEST = 5
_AT_LEAST = 120.0
_FIRST_LOOP = 1800.0  # It traces the graph, and its length is not known yet.
_LOOKS = 4  # Looks at the clock within a limit,
_LONGEST_SLEEP = 15.0  # and seconds between two of them.


class Watchdog:
    """Warns when no loop has ended for much longer than usual.

    A thread looks at the clock; it touches neither model nor device, so it
    speaks up even when these hang. It warns again when the wait has doubled.

    Args:
        seconds: float, the wait after which it warns; 0 for five times the
            longest loop, two minutes at least (half an hour while the first
            loop runs).
        step: int, the updates done so far.
    """

    def __init__(self, seconds: float, step: int = 0):
        self.seconds = seconds
        self.step = step
        self.longest: float | None = None
        self._loop_began = time.monotonic()

    @property
    def limit(self) -> float:
        """Seconds without a finished loop that call for a warning."""
        if self.seconds:
            return self.seconds
        if self.longest is None:
            return _FIRST_LOOP
        return max(_AT_LEAST, _TIMES_THE_LONGEST * self.longest)

    def loop_ended(self, step: int):
        """Take note that a loop ended with `step` updates done."""
        now = time.monotonic()
        self.longest = max(self.longest or 0.0, now - self._loop_began)
        self.step, self._loop_began = step, now

    @contextlib.contextmanager
    def watching(self):
        """Watch the loops inside the `with` block."""
        self._loop_began = time.monotonic()
        finished = threading.Event()
        thread = threading.Thread(
            target=self._watch, args=(finished,), daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()

    def _watch(self, finished: threading.Event):
        warned, factor = None, 1
        while not finished.wait(min(self.limit / _LOOKS, _LONGEST_SLEEP)):
            if warned != self._loop_began:
                factor = 1
            waited = time.monotonic() - self._loop_began
            if waited > factor * self.limit:
                logging.warning("%s", self._message(waited))
                warned, factor = self._loop_began, 2 * factor

    def _message(self, waited: float) -> str:
        usual = (
            "This is the first loop"
            if self.longest is None
            else f"The longest loop so far took {duration(self.longest)}"
        )
        return (
            f"No progress for {duration(waited)} since step {self.step}. "
            f"{usual}. The step may be waiting for data: look at the disk or "
            "network that holds the records, and at the load of the host's "
            "cores. A device or another machine of the run may have stopped. "
            "If loops take this long, lower iterations_per_loop or raise "
            "stall_warning_seconds."
        )
