"""The workers of one job: how they agree, stop together and notice a loss.

With `MultiWorkerMirroredStrategy` several workers run the same program, and
an operation over all replicas is done when all of them do it. A worker that
stops by itself leaves the others waiting for it.
"""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from electra_tf.errors import Stopped, UserError
from electra_tf.training import cluster

# Raised, too, when a device of this worker fails.
_AMBIGUOUS = (tf.errors.InternalError, tf.errors.UnknownError)
# What TensorFlow raises on the workers that are left when one has gone.
_PEER_ERRORS = (
    *_AMBIGUOUS,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)
_WORD = 8  # Bytes of an int64, in which any content is exchanged.


class LostWorkerError(ConnectionError):
    """Another worker of the job has ended, or cannot be reached."""

    exit_status = os.EX_UNAVAILABLE


def is_cluster(strategy) -> bool:
    """Say whether a strategy has several workers, each with its program."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return False
    return bool(strategy.cluster_resolver.cluster_spec().jobs)


def is_chief(strategy) -> bool:
    """Say whether this process is the one of its job that writes."""
    return not is_cluster(strategy) or cluster.is_chief(cluster.STRATEGY)


def gathered(strategy, content: bytes) -> list[bytes]:
    """Return the contents of all workers, in their order, on each of them.

    Every worker has to call this, and what is made of it below, at the same
    place.
    """
    if not is_cluster(strategy):
        return [content]
    here = cluster.place()
    sizes = np.zeros(here.processes, np.int64)
    sizes[here.number] = len(content)
    sizes = _summed(strategy, sizes)
    places = np.cumsum([0, *-(-sizes // _WORD)])  # In words of int64.
    whole = np.zeros(places[-1] * _WORD, np.uint8)
    begins = places[:-1] * _WORD
    begin = begins[here.number]
    whole[begin : begin + len(content)] = np.frombuffer(content, np.uint8)
    whole = _summed(strategy, whole.view(np.int64)).tobytes()
    return [
        whole[begin : begin + size]
        for begin, size in zip(begins, sizes, strict=True)
    ]


def _summed(strategy, values: np.ndarray) -> np.ndarray:
    """Add up an int64 array of each worker, all of one shape."""
    if not values.size:
        return values
    local = strategy.num_replicas_in_sync // cluster.place().processes
    each = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(
            values
            if context.replica_id_in_sync_group % local == 0
            else np.zeros_like(values)
        )
    )
    return strategy.reduce("SUM", each, axis=None).numpy()


def from_chief(strategy, make: Callable[[], Any]) -> Any:
    """Return what a function returns on the chief, which alone calls it.

    It must be what JSON can hold.
    """
    if not is_cluster(strategy):
        return make()
    chief = cluster.place().is_chief
    parts = gathered(strategy, json.dumps(make()).encode() if chief else b"")
    return json.loads(b"".join(parts))


def assign_from_chief(strategy, variables: Iterable) -> None:
    """Give variables the values that they have on the chief."""
    if not is_cluster(strategy):
        return
    chief = cluster.place().is_chief
    for variable in variables:
        value = variable.numpy()
        parts = gathered(strategy, value.tobytes() if chief else b"")
        if not chief:
            value = np.frombuffer(b"".join(parts), value.dtype)
            variable.assign(value.reshape(variable.shape))


def check_same(strategy, values: dict[str, Any]) -> None:
    """Raise a `UserError` unless all workers have the same values.

    Args:
        strategy: a `tf.distribute.Strategy`.
        values: what must not differ, by name, as JSON can hold it.
    """
    content = json.dumps(values).encode()
    first, *others = map(json.loads, gathered(strategy, content))
    differences = [
        f"  {name}: {first.get(name)} on the chief, {other.get(name)} on "
        f"process {number}"
        for number, other in enumerate(others, 1)
        for name in sorted({*first, *other})
        if first.get(name) != other.get(name)
    ]
    if differences:
        raise UserError(
            "The workers of this job differ:\n"
            + "\n".join(differences)
            + "\nGive all of them the same flags and the same files."
        )


def agreed_stop(strategy, stop):
    """Return what tells all workers to stop together; of one, `stop`."""
    if stop is None or not is_cluster(strategy):
        return stop
    return ClusterStop(strategy)


class ClusterStop:
    """Stops all workers of a cluster when one of them is to be stopped.

    TensorFlow's handler tells all of them of a SIGTERM that one has received,
    and of the call of `check` at which every worker stops. One is made a
    process.

    Args:
        strategy: `tf.distribute.MultiWorkerMirroredStrategy`.
    """

    def __init__(self, strategy):
        self._folder = tempfile.TemporaryDirectory()
        config = tf.distribute.experimental.TerminationConfig(
            exit_fn=self._exit, grace_period=0, save_fn=lambda: None
        )
        # It would restore a checkpoint and save it by itself; it is given one
        # of nothing, in a folder where there is none.
        self._handler = tf.distribute.experimental.PreemptionCheckpointHandler(
            strategy.cluster_resolver,
            tf.train.Checkpoint(),
            os.path.join(self._folder.name, "none"),
            config,
        )

    def __bool__(self):
        """Return false: a worker never stops without the others."""
        return False

    def check(self):
        """Stop if it is time.

        Every worker calls it equally often, with something in between that
        all of them take part in.

        Raises:
            Stopped: on every worker.
        """
        self._handler.save_checkpoint_if_preempted()

    @staticmethod
    def _exit():
        raise Stopped("SIGTERM")


@contextlib.contextmanager
def loss_explained(strategy=None):
    """Turn TensorFlow's errors about other workers into one that says so.

    Args:
        strategy: a `tf.distribute.Strategy`; None while that of a cluster is
            made, which waits for all workers.
    """
    try:
        yield
    except _PEER_ERRORS as error:
        if strategy is not None and not is_cluster(strategy):
            raise
        lines = str(error).splitlines()
        reasons = [line for line in lines if "Collective ops is" in line]
        reason = (reasons or lines)[-1].strip().split(". ")[0]
        doubt = isinstance(error, _AMBIGUOUS) and not reasons
        raise LostWorkerError(
            "Another worker of this job has ended or cannot be reached"
            f"{', or a device of this one has failed' * doubt} ({reason}). Its "
            "own messages say why. What was saved is whole: start all workers "
            "again by the same commands, and they go on from the newest "
            "checkpoint."
        ) from error
