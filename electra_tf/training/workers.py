"""What the processes of one job have to agree on.

With `MultiWorkerMirroredStrategy` several workers run the same program, and
an operation over all replicas is done when all of them do it. So whatever
decides what comes next, and depends on one worker's clock, signals or files,
has to be decided together.
"""

import contextlib

import tensorflow as tf

# What TensorFlow raises on the workers that are left when one has gone.
_PEER_ERRORS = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
    tf.errors.UnknownError,
)


class LostWorkerError(ConnectionError):
    """Another worker of the job has ended, or cannot be reached."""


def are_several(strategy) -> bool:
    """Say whether other processes run this program for the same job."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def mean(strategy, value: float) -> float:
    """Return the mean of the workers' values, the same number on each.

    Every worker has to call it at the same place.

    >>> mean(tf.distribute.get_strategy(), 3.0)
    3.0
    """
    if not are_several(strategy):
        return value
    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(value, tf.float64)
    )
    return float(strategy.reduce("MEAN", values, axis=None))


def check_same(strategy, value: int, what: str):
    """Raise a ValueError unless all workers have the same value."""
    if mean(strategy, float(value)) != value:
        raise ValueError(
            f"The workers of this job differ in {what}. Received: {value} on "
            "this one. All of them must see the same model_dir, on a file "
            "system that they share."
        )


class StopOfAny:
    """True once any of the workers shall stop.

    Args:
        stop: what is true once this worker shall stop.
        strategy: `tf.distribute.Strategy`.
    """

    def __init__(self, stop, strategy):
        self.stop = stop
        self.strategy = strategy

    def __bool__(self) -> bool:
        return mean(self.strategy, float(bool(self.stop))) > 0

    def __str__(self) -> str:
        return str(self.stop) or "another worker"


def stop_of_any(stop, strategy):
    """Return what tells all workers to stop; `stop` where there is one."""
    if stop is None or not are_several(strategy):
        return stop
    return StopOfAny(stop, strategy)


@contextlib.contextmanager
def loss_explained(strategy):
    """Turn TensorFlow's errors about other workers into one that says so."""
    try:
        yield
    except _PEER_ERRORS as error:
        if not are_several(strategy):
            raise
        lines = str(error).splitlines()
        reasons = [line for line in lines if "Collective ops is" in line]
        reason = (reasons or lines)[-1].strip().split(". ")[0]
        raise LostWorkerError(
            f"Another worker of this job has ended or cannot be reached "
            f"({reason}). Its own messages say why. "
            "What was saved is whole: start all workers again by the same "
            "commands, and they go on from the newest checkpoint."
        ) from error
