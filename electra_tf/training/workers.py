"""The processes of one job: what they must agree on, and when one is gone.

With `MultiWorkerMirroredStrategy` several workers run the same program, and
an operation over all replicas is done when all of them do it. How they stop
together is in `electra_tf.training.preemption`.
"""

import contextlib

import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.training.preemption import is_cluster

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


def check_same(strategy, value: int, what: str):
    """Raise a ValueError unless all workers have the same value.

    Every worker has to call it at the same place.
    """
    if not is_cluster(strategy):
        return
    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(value, tf.float64)
    )
    if float(strategy.reduce("MEAN", values, axis=None)) != value:
        raise UserError(
            f"The workers of this job differ in {what}. Received: {value} on "
            "this one. All of them must see the same model_dir, on a file "
            "system that they share."
        )


@contextlib.contextmanager
def loss_explained(strategy):
    """Turn TensorFlow's errors about other workers into one that says so."""
    try:
        yield
    except _PEER_ERRORS as error:
        if not is_cluster(strategy):
            raise
        lines = str(error).splitlines()
        reasons = [line for line in lines if "Collective ops is" in line]
        reason = (reasons or lines)[-1].strip().split(". ")[0]
        raise LostWorkerError(
            "Another worker of this job has ended or cannot be reached "
            f"({reason}). Its own messages say why. "
            "What was saved is whole: start all workers again by the same "
            "commands, and they go on from the newest checkpoint."
        ) from error
