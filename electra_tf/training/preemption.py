"""Stopping several workers at the same step.

A worker that stops by itself leaves the others waiting for it. TensorFlow's
handler tells all of them of a SIGTERM that one has received, and of the line
of metrics after which every worker saves and stops.
"""

import os
import tempfile

import tensorflow as tf

from electra_tf.training.stopping import Stopped


def is_cluster(strategy) -> bool:
    """Say whether a strategy has several workers, each with its program."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    return bool(strategy.cluster_resolver.cluster_spec().jobs)


class ClusterStop:
    """Stops all workers of a cluster when one of them is to be stopped.

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
