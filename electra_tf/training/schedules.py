"""Learning-rate schedules."""

import sys

import keras
import numpy as np
import tensorflow as tf


def polynomial_decay_with_warmup(
    learning_rate: float,
    num_train_steps: int,
    warmup_steps: float = 0,
    power: float = 1.0,
    decay_after_warmup: bool = False,
):
    """Return the original's schedule, a function of the step from 0.

    base * (1 - min(k, T) / T) ** power * min(1, k / W). Warm-up and decay are
    multiplied, so the peak stays slightly below the base rate; update 0 has
    rate zero when there is a warm-up.

    Args:
        learning_rate: float, the base rate.
        num_train_steps: int, T.
        warmup_steps: float, W; 0 for none. It may exceed T.
        power: float, of the decay; 1 is linear.
        decay_after_warmup: bool, whether the decay begins at step W instead,
            so that the peak is the base rate.

    Returns:
        Function from an integer step (tensor) to a float32 scalar tensor.

    Example:

    >>> schedule = polynomial_decay_with_warmup(1.0, 10, warmup_steps=2)
    >>> [round(float(schedule(step)), 3) for step in (0, 1, 2, 9, 10)]
    [0.0, 0.45, 0.8, 0.1, 0.0]
    """

    start = warmup_steps if decay_after_warmup else 0
    decay_steps = max(1, num_train_steps - start)

    def schedule(step):
        step = tf.cast(step, tf.float32)
        done = tf.clip_by_value(step - start, 0, decay_steps) / decay_steps
        rate = learning_rate * tf.pow(1.0 - done, power)
        if warmup_steps:
            rate *= tf.minimum(1.0, step / warmup_steps)
        return rate

    return schedule


# Another schedule is another row with these arguments.
SCHEDULES = {"polynomial": polynomial_decay_with_warmup}
DEFAULT = "polynomial"


def told(learning_rate: float, num_train_steps: int, warmup_steps, **options):
    """Return a run's schedule; tells of a warm-up that lasts as long as it.

    The rate that was asked for never comes near then.

    Args:
        learning_rate, num_train_steps, warmup_steps: of the schedule.
        **options: its other arguments.
    """
    made = SCHEDULES[DEFAULT](
        learning_rate, num_train_steps, warmup_steps, **options
    )
    if warmup_steps >= num_train_steps > 0:
        rates = keras.ops.convert_to_numpy(made(np.arange(num_train_steps)))
        print(
            f"With a warm-up of {warmup_steps:g} updates, no fewer than there "
            f"are ({num_train_steps}), the learning rate is {rates.max():.3g} "
            "at most.",
            file=sys.stderr,
        )
    return made
