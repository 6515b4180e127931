"""The workers of one job: how they agree, stop together and miss each other.

With `MultiWorkerMirroredStrategy` several workers run the same program, and
an operation over all replicas is done when all of them do it. A worker that
stops by itself leaves the others waiting for it.
"""

import contextlib
import os
import tempfile

import tensorflow as tf

from electra_tf.errors import Stopped, UserError
from electra_tf.training import cluster

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


def is_cluster(strategy) -> bool:
    """Say whether a strategy has several workers, each with its program."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    return bool(strategy.cluster_resolver.cluster_spec().jobs)


def is_chief(strategy) -> bool:
    """Say whether this process is the one of its job that writes."""
    return not is_cluster(strategy) or cluster.is_chief(cluster.STRATEGY)


def check_same(strategy, value: int, what: str):
    """Raise a `UserError` unless all workers have the same value.

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


class ClusterStop:
    """Stops all workers of a cluster when one of them is to be stopped.

    TensorFlow's handler tells all of them of a SIGTERM that one has received,
    and of the line of metrics after which every worker saves and stops.

    Args:
        strategy: `tf.distribute.MultiWorkerMirroredStrategy`.
        save: function without arguments that saves a checkpoint.
    """

    def __init__(self, strategy, save):
        self._folder = tempfile.TemporaryDirectory()
        config = tf.distribute.experimental.TerminationConfig(
            exit_fn=self._exit, grace_period=0, save_fn=save
        )
        # It would restore a checkpoint and save it by itself; it is given one
        # of nothing, in a folder where there is none.
        self._handler = tf.distribute.experimental.PreemptionCheckpointHandler(
            strategy.cluster_resolver,
            tf.train.Checkpoint(),
            os.path.join(self._folder.name, "none"),
            config,
        )

    def check(self):
        """Save and stop if it is time; every worker calls it equally often.

        Raises:
            Stopped: on every worker, when all have saved.
        """
        self._handler.save_checkpoint_if_preempted()

    @staticmethod
    def _exit():
        raise Stopped("SIGTERM")


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
