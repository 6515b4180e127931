"""The inner loop: step function, variables and data come as arguments.

orbit runs the outer loop (see `electra_tf.training.run`). The inner one is a
compiled function of `steps_per_loop` steps:

    for each batch:
        each replica:
            terms = step_function(batch, random)
            gradient of the total loss over the global batch
            optimizer: sum over replicas, clip, apply
        step += 1
"""

import orbit
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.randomness import RandomStream

_NEVER = tf.int64.max


class NonFiniteLossError(FloatingPointError):
    """The loss became infinite or not a number."""


class Trainer(orbit.AbstractTrainer):
    """Runs training steps; orbit's inner loop.

    Args:
        step_function: function from a batch (this replica's share) and a
            `RandomStream` to a dict of `LossTerm`s.
        optimizer: object with `variables`, `learning_rate` and
            `apply(gradients, step)`, such as
            `electra_tf.training.optimizer.AdamW`.
        iterator: iterator over batches, distributed by the strategy.
        strategy: `tf.distribute.Strategy`.
        step: `tf.Variable`, the number of updates done.
        settings: `Settings`.
    """

    def __init__(
        self, step_function, optimizer, iterator, strategy, step, settings
    ):
        self.step_function = step_function
        self.optimizer = optimizer
        self.iterator = iterator
        self.strategy = strategy
        self.step = step
        self.settings = settings
        alone = strategy.num_replicas_in_sync == 1
        self._replica_step = tf.function(
            self._update, jit_compile=settings.jit_compile and alone
        )

    def train(self, num_steps) -> dict:
        """Run steps; return mean losses and the last learning rate.

        Raises:
            NonFiniteLossError: naming the first step with such a loss.
        """
        return self.metrics(self.run(num_steps))

    def run(self, num_steps) -> dict:
        """Run steps; return a pair (total, count) of floats for each loss."""
        sums, first_bad = self._train(self.iterator, num_steps)
        sums = tf.nest.map_structure(float, sums)
        if first_bad.numpy() != _NEVER:
            raise NonFiniteLossError(
                f"The loss of step {first_bad.numpy()} is not finite: "
                f"{_means(sums)}. What was saved before is whole; a resumed "
                "run goes on from there. If it happens again, lower "
                "learning_rate or lengthen the warm-up."
            )
        return sums

    def metrics(self, sums: dict) -> dict:
        """Return mean losses and the last learning rate."""
        rate = self.optimizer.learning_rate(self.step - 1)
        return {**_means(sums), "learning_rate": float(rate)}

    @tf.function(reduce_retracing=True)
    def _train(self, iterator, num_steps):
        sums, first_bad = self._one_step(next(iterator))
        for _ in tf.range(num_steps - 1):
            more, bad = self._one_step(next(iterator))
            sums = tf.nest.map_structure(tf.add, sums, more)
            first_bad = tf.minimum(first_bad, bad)
        return sums, first_bad

    def _one_step(self, batch):
        """Update once; return the losses' sums over the global batch."""
        per_replica = self.strategy.run(self._replica_step, args=(batch,))
        # In float64, where sums of float32 losses are exact: however the
        # steps are divided over calls, their sum is the same.
        sums = tf.nest.map_structure(
            lambda value: tf.cast(
                self.strategy.reduce("SUM", value, axis=None), tf.float64
            ),
            per_replica,
        )
        finite = tf.reduce_all(
            [tf.math.is_finite(total) for total, _ in sums.values()]
        )
        bad = tf.where(finite, tf.constant(_NEVER, tf.int64), self.step)
        self.step.assign_add(1)
        return sums, bad

    def _update(self, batch) -> dict:
        """One replica's part of an update."""
        context = tf.distribute.get_replica_context()
        replica = context.replica_id_in_sync_group
        random = RandomStream(self.settings.seed, self.step, replica)
        with tf.GradientTape() as tape:
            terms = self.step_function(batch, random)
            loss = loss_terms.total_loss(_over_global_batch(terms))
        gradients = tape.gradient(loss, self.optimizer.variables)
        self.optimizer.apply(gradients, self.step)
        return {name: _sums(term) for name, term in terms.items()}


def _over_global_batch(terms: dict) -> dict:
    """Replace each replica's counts by those of all replicas."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return terms
    return {
        name: term._replace(
            count=None
            if term.count is None
            else context.all_reduce(tf.distribute.ReduceOp.SUM, term.count)
        )
        for name, term in terms.items()
    }


def _sums(term) -> tuple:
    """Total and count; a term that is a sum counts its updates."""
    context = tf.distribute.get_replica_context()
    once = tf.constant(1.0) / context.num_replicas_in_sync
    return term.total, once if term.count is None else term.count


def _means(sums: dict) -> dict[str, float]:
    return {
        name: total / max(count, loss_terms.COUNT_EPSILON)
        for name, (total, count) in sums.items()
    }
