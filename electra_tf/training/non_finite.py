"""Updates whose loss or gradient is not finite, and the loss scale."""

import logging

import tensorflow as tf

from electra_tf.errors import UserError

# Float16 holds no gradient below 6e-8, so the loss is scaled up: as far as it
# goes without overflowing, found by trying.
_FIRST_SCALE = 2.0**15
_GROWTH = 2.0
_GROWTH_INTERVAL = 2000


class NonFiniteError(UserError, FloatingPointError):
    """Too many updates in a row were not finite."""


class NonFiniteGuard:
    """Counts skipped updates and keeps the loss scale.

    An update whose summed gradient or loss is not finite changes nothing (see
    `electra_tf.training.optimizer`). The state is part of a checkpoint, so a
    resumed run counts on.

    Args:
        limit: int, the skipped updates in a row that end the run.
        loss_scaling: bool, whether the loss is scaled, as float16 needs.
    """

    def __init__(self, limit: int, loss_scaling: bool = False):
        self.limit = limit
        self.loss_scaling = loss_scaling
        self.variables = {
            "skipped": _variable("skipped", 0),
            "skipped_in_a_row": _variable("skipped_in_a_row", 0),
            "finite_in_a_row": _variable("finite_in_a_row", 0),
            "loss_scale": _variable(
                "loss_scale", _FIRST_SCALE if loss_scaling else 1.0
            ),
        }
        self._longest_row = _variable("longest_row", 0)

    @property
    def loss_scale(self):
        """Float32 scalar by which the loss is multiplied."""
        return self.variables["loss_scale"]

    def record(self, finite):
        """Count an update; bool scalar `finite`. In cross-replica context."""
        skipped, in_a_row, good, scale = self.variables.values()
        bad = tf.cast(tf.logical_not(finite), tf.int64)
        skipped.assign_add(bad)
        in_a_row.assign((in_a_row + bad) * bad)
        self._longest_row.assign(tf.maximum(self._longest_row, in_a_row))
        if not self.loss_scaling:
            return
        good.assign((good + 1) * (1 - bad))
        grow = tf.equal(good, _GROWTH_INTERVAL)
        factor = tf.where(
            finite, tf.where(grow, _GROWTH, 1.0), tf.constant(1 / _GROWTH)
        )
        good.assign(tf.where(grow, tf.zeros_like(good), good))
        scale.assign(scale * factor)

    def metrics(self) -> dict[str, float]:
        """Return what there is to report: nothing unless something happened."""
        skipped = self.skipped
        result = {"skipped_updates": skipped} if skipped else {}
        if self.loss_scaling:
            result["loss_scale"] = float(self.loss_scale.numpy())
        return result

    def check(self, first_step: int, finite):
        """Warn of skipped updates, and stop the run after too many in a row.

        Args:
            first_step: step of the first update since the last check.
            finite: bool for each of these updates.

        Raises:
            NonFiniteError: naming the steps.
        """
        skipped = [first_step + i for i, good in enumerate(finite) if not good]
        for step in skipped:
            logging.warning(
                "The update of step %d is skipped: its loss or gradient is "
                "not finite.",
                step,
            )
        longest = int(self._longest_row.numpy())
        self._longest_row.assign(0)
        if longest >= self.limit:
            raise NonFiniteError(
                f"The loss or gradient was not finite in {longest} updates in "
                f"a row, lately in steps {_listed(skipped)}; "
                f"max_skipped_updates is {self.limit}. These updates changed "
                "nothing."
            )

    def check_end(self, step: int):
        """Stop a run that ends with weights whose loss is not finite.

        Args:
            step: the updates of the run.

        Raises:
            NonFiniteError: when the last of them, or all, were skipped.
        """
        in_a_row = int(self.variables["skipped_in_a_row"].numpy())
        if in_a_row > 1 or self.skipped == step > 0:
            raise NonFiniteError(
                f"The loss or gradient was not finite in the last {in_a_row} "
                f"of the run's {step} updates. These updates changed nothing."
            )

    @property
    def is_skipping(self) -> bool:
        """Whether the last update was skipped."""
        return bool(self.variables["skipped_in_a_row"].numpy())

    @property
    def skipped(self) -> int:
        """How many updates of the run were skipped."""
        return int(self.variables["skipped"].numpy())


def _variable(name: str, value):
    return tf.Variable(
        value,
        dtype=tf.float32 if isinstance(value, float) else tf.int64,
        trainable=False,
        name=name,
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
    )


def _listed(steps: list[int]) -> str:
    """Write steps for people.

    >>> _listed([3, 4, 7])
    '3, 4, 7'
    >>> _listed([3, 4, 5, 6, 7, 8])
    '3, 4, 5, ..., 8'
    """
    if len(steps) > 5:
        return ", ".join(map(str, steps[:3])) + f", ..., {steps[-1]}"
    return ", ".join(map(str, steps))
