"""The program's optimizer as Keras sees it: its rate, count and moments."""

import math

import keras
import tensorflow as tf

from electra_tf.errors import UserError, shown
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW


class ProgramOptimizer(keras.optimizers.Optimizer):
    """Makes the program's updates; callbacks read and set its learning rate.

    The rate is that of the schedule until someone sets one, which then stays
    until another is set. `save_weights` keeps it, the moments and the count of
    skipped updates.

    Args:
        adamw: `AdamW`, whose learning rate is a function of the step.
        updates: `keras.Variable`, int64 scalar, the number of updates made.
        guard: `NonFiniteGuard`, told of each update.
    """

    def __init__(self, adamw: AdamW, updates, guard: NonFiniteGuard):
        super().__init__(adamw.learning_rate, name="program_optimizer")
        # NaN stands for the schedule's.
        self._set_rate = tf.Variable(math.nan, trainable=False, name="rate")
        self._schedule = adamw.learning_rate
        self._iterations = updates
        self.guard = guard
        self._adamw = adamw
        adamw.learning_rate = self._rate
        self.built = True

    def build(self, variables) -> None:
        """Do nothing: the moments are made with the `AdamW`."""

    @property
    def variables(self) -> list:
        """All that a resumed run needs, in the order of files."""
        state = [*self._adamw.slots.values(), *self.guard.variables.values()]
        return [self._iterations, self._set_rate, *state]

    @property
    def learning_rate(self):
        """Float32 scalar, the rate of the next update; or set a number."""
        return self._rate(self._iterations.value)

    @learning_rate.setter
    def learning_rate(self, value):
        try:
            rate = float(value)
        except (TypeError, ValueError):
            rate = math.nan
        if not rate >= 0:
            raise UserError(
                "The learning rate must be a number of at least 0: schedules "
                "are those of the settings, or of an optimizer of Keras. "
                f"Received: {shown(value)}."
            )
        self._set_rate.assign(rate)

    def _rate(self, step):
        rate = tf.convert_to_tensor(self._set_rate)
        return tf.where(tf.math.is_nan(rate), self._schedule(step), rate)

    def scale_loss(self, loss):
        """Return the loss times what float16 needs, 1 in other formats."""
        return loss * self.guard.loss_scale

    def update(self, gradients: dict, loss):
        """Make an update, unless it is not finite.

        Args:
            gradients: dict from path to the gradient of the scaled loss.
            loss: float scalar, not scaled.

        Returns:
            Bool scalar, whether it was finite.
        """
        norm = self._adamw.apply(
            gradients,
            self._iterations.value,
            loss=loss,
            loss_scale=self.guard.loss_scale,
            largest=tf.float16.max if self.guard.loss_scaling else None,
        )
        finite = tf.math.is_finite(norm)
        self.guard.record(finite)
        return finite
