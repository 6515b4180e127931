"""Stopping when asked to: SIGTERM and the first Ctrl-C end a run in order."""

import os
import signal
import time
from collections.abc import Callable

from electra_tf.errors import Stopped
from electra_tf.training import cluster

_NOTICE = (
    "\n{}: saving a checkpoint, then stopping. The same command goes on.\n"
)
# Python acts on a signal when a compiled call ends: so long it may take.
SECONDS = 1.0
# A first call may have been slow for another reason than the steps.
_FASTEST_GROWTH = 8


def stop_signal(strategy: str = "") -> "StopSignal":
    """Return what tells a run to stop; several workers agree on it."""
    alone = strategy != cluster.STRATEGY
    return StopSignal(*((signal.SIGTERM, signal.SIGINT) if alone else ()))


class StopSignal:
    """True from the first of some signals on, inside a `with` block.

    A second SIGINT acts as ever. Signals that were ignored stay so.

    Args:
        numbers: the signals; none of them for never.

    Example:

    >>> with StopSignal(signal.SIGTERM) as stop:
    ...     before = bool(stop)
    ...     signal.raise_signal(signal.SIGTERM)
    ...     before, bool(stop), str(stop)
    (False, True, 'SIGTERM')
    """

    def __init__(self, *numbers):
        self._numbers = numbers
        self._name = ""
        self._others = {}

    def __enter__(self) -> "StopSignal":
        for number in self._numbers:
            if signal.getsignal(number) != signal.SIG_IGN:
                self._others[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *unused):
        for number, handler in self._others.items():
            signal.signal(number, handler)

    def __bool__(self) -> bool:
        return bool(self._name)

    def __str__(self) -> str:
        return self._name

    def _receive(self, number, frame):
        if self._name:
            return
        self._name = signal.Signals(number).name
        if signal.SIGINT in self._others:
            signal.signal(signal.SIGINT, self._others[signal.SIGINT])
        # print() might be what the signal interrupted.
        os.write(2, _NOTICE.format(self._name).encode())


class InterruptibleCalls:
    """Divides steps over calls so short that a stop request is seen.

    Args:
        stop: an object that is true once the run shall stop; None for never,
            and for one call of all steps.
    """

    def __init__(self, stop=None):
        self.stop = stop
        self._size = 1

    def __call__(self, function: Callable[[int], None], num_steps: int):
        """Call a function with numbers of steps that add up to `num_steps`.

        Raises:
            Stopped: when asked to stop, between two calls.
        """
        while num_steps:
            if self.stop:
                raise Stopped(str(self.stop))
            size = num_steps
            if self.stop is not None:
                size = min(size, self._size)
            started = time.monotonic()
            function(size)
            seconds = max(time.monotonic() - started, 1e-9)
            fitting = int(size * SECONDS / seconds)
            self._size = max(1, min(fitting, size * _FASTEST_GROWTH))
            num_steps -= size
