"""A loop of many steps, in parts so short that a stop request is seen.

While a compiled call runs, Python cannot act on a signal. So the steps of one
line of metrics are run in calls of about a second each. What they sum is
exact (see `Trainer`), so the line does not depend on how they were divided,
not even between two processes.
"""

import time

import orbit
import tensorflow as tf

from electra_tf.training.stopping import Stopped

SECONDS = 1.0
# A first call may have been slow for another reason than the steps.
_FASTEST_GROWTH = 8


class LossSums:
    """What the losses of some steps add up to.

    Attributes:
        by_name: dict of pairs [total, count] of floats.
    """

    def __init__(self):
        self.by_name = {}

    def add(self, more: dict):
        """Add what `Trainer.run` returns."""
        for name, (total, count) in more.items():
            before = self.by_name.get(name, (0.0, 0.0))
            self.by_name[name] = [before[0] + total, before[1] + count]


class ChunkedTrainer(orbit.AbstractTrainer):
    """Runs a `Trainer`'s steps in short calls.

    Args:
        trainer: `electra_tf.training.loop.Trainer`.
        stop: an object that is true once the run shall stop; None for never,
            and for one call of all steps.

    Attributes:
        sums: `LossSums` of the steps since the last line of metrics; to be
            kept with a checkpoint.
    """

    def __init__(self, trainer, stop=None):
        self.trainer = trainer
        self.stop = stop
        self.sums = LossSums()
        self._size = 1

    def train(self, num_steps) -> dict:
        """Run steps; return the metrics of these and those in `sums`.

        Raises:
            Stopped: when asked to stop; the steps done are in `sums`.
        """
        left = int(num_steps)
        while left:
            if self.stop:
                raise Stopped(str(self.stop))
            size = left if self.stop is None else min(left, self._size)
            started = time.monotonic()
            self.sums.add(self.trainer.run(tf.constant(size)))
            self._resize(size, time.monotonic() - started)
            left -= size
        sums, self.sums = self.sums, LossSums()
        return self.trainer.metrics(sums.by_name)

    def _resize(self, size: int, seconds: float):
        fitting = int(size * SECONDS / max(seconds, 1e-9))
        self._size = max(1, min(fitting, size * _FASTEST_GROWTH))
