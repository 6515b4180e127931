"""The inner loop: step function, variables and data come as arguments.

orbit runs the outer loop (see `electra_tf.training.run`). The inner one is a
compiled function of `steps_per_loop` steps:

    for each batch:
        each replica:
            terms = step_function(batch, random)
            gradient of the total loss over the global batch
            optimizer: sum over replicas, clip, apply
        step += 1

With `accumulation_steps` k, a replica's share of the batch goes through the
network in k parts whose gradients add up to that of the whole.
"""

import logging

import orbit
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.errors import UserError
from electra_tf.randomness import RandomStream
from electra_tf.training.guard import Guard
from electra_tf.training.settings import Settings


class Trainer(orbit.AbstractTrainer):
    """Runs training steps; orbit's inner loop.

    Args:
        step_function: function from a batch (this replica's share, or a part
            of it) and a `RandomStream` to a dict of `LossTerm`s.
        optimizer: a row of `electra_tf.training.optimizer.OPTIMIZERS`.
        iterator: iterator over batches, distributed by the strategy.
        strategy: `tf.distribute.Strategy`.
        step: `tf.Variable`, the number of updates done.
        settings: `Settings`.
        guard: `Guard`, made in the strategy's scope.
    """

    def __init__(
        self,
        step_function,
        optimizer,
        iterator,
        strategy,
        step,
        settings: Settings,
        guard: Guard,
    ):
        self.step_function = step_function
        self.optimizer = optimizer
        self.iterator = iterator
        self.strategy = strategy
        self.step = step
        self.settings = settings
        self.guard = guard
        alone = strategy.num_replicas_in_sync == 1
        self._replica_step = tf.function(
            self._update, jit_compile=settings.jit_compile and alone
        )

    def train(self, num_steps) -> dict:
        """Run steps; return mean losses and the last learning rate.

        Raises:
            NonFiniteError: after too many skipped updates in a row.
        """
        return self.metrics(self.run(num_steps))

    def run(self, num_steps) -> dict:
        """Run steps; return a pair (total, count) of floats for each loss."""
        first_step = int(self.step.numpy())
        sums, finite = self._train(self.iterator, num_steps)
        self._report_skipped(first_step, finite.numpy())
        return tf.nest.map_structure(float, sums)

    def metrics(self, sums: dict) -> dict:
        """Return mean losses and the last learning rate."""
        rate = self.optimizer.learning_rate(self.step - 1)
        return {
            **_means(sums),
            "learning_rate": float(rate),
            **self.guard.metrics(),
        }

    def _report_skipped(self, first_step: int, finite):
        skipped = [first_step + i for i, good in enumerate(finite) if not good]
        for step in skipped:
            logging.warning(
                "The update of step %d is skipped: its loss or gradient is "
                "not finite.",
                step,
            )
        self.guard.check(skipped)

    @tf.function(reduce_retracing=True)
    def _train(self, iterator, num_steps):
        """Sums of the losses, and whether each step was finite."""
        sums, good = self._one_step(next(iterator))
        finite = tf.TensorArray(tf.bool, num_steps).write(0, good)
        for index in tf.range(1, num_steps):
            more, good = self._one_step(next(iterator))
            sums = tf.nest.map_structure(tf.add, sums, more)
            finite = finite.write(index, good)
        return sums, finite.stack()

    def _one_step(self, batch):
        """Update once; return the losses' sums over the global batch."""
        per_replica, finite = self.strategy.run(
            self._replica_step, args=(batch,)
        )
        # In float64, where sums of float32 losses are exact: however the
        # steps are divided over calls, their sum is the same.
        sums = tf.nest.map_structure(
            lambda value: tf.cast(
                self.strategy.reduce("SUM", value, axis=None), tf.float64
            ),
            per_replica,
        )
        # Every replica sees the same summed gradient.
        finite = self.strategy.reduce("MEAN", finite, axis=None) > 0.5
        self.guard.record(finite)
        self.step.assign_add(1)
        return tf.nest.map_structure(
            lambda total: tf.where(finite, total, tf.zeros_like(total)), sums
        ), finite

    def _update(self, batch) -> tuple:
        """One replica's part of an update."""
        parts = self.settings.accumulation_steps
        if parts == 1:
            sums, gradients = self._gradients(batch, 0)
        else:
            sums, gradients = self._accumulated(_split(batch, parts))
        norm = self.optimizer.apply(
            gradients,
            self.step,
            loss=tf.add_n([total for total, _ in sums.values()]),
            loss_scale=self.guard.loss_scale,
        )
        return sums, tf.cast(tf.math.is_finite(norm), tf.float32)

    def _accumulated(self, parts) -> tuple:
        """Add up what `_gradients` returns, over the parts of a batch."""
        # The graph of this sum is pruned to what counting needs: choosing
        # positions, no network.
        counts = _sum_over_parts(self._counts, parts)
        return _sum_over_parts(self._gradients, parts, _over_replicas(counts))

    def _counts(self, batch, index) -> dict:
        return _counts(self.step_function(batch, self._random(batch, index)))

    def _gradients(self, batch, index, counts=None) -> tuple:
        """Losses' sums and the gradient of a batch or a part of it.

        Args:
            batch: this replica's share of the batch, or the part `index`.
            index: int scalar.
            counts: dict of the terms' counts over the global batch; None
                when this batch is all that there is on this replica.

        Returns:
            A dict of pairs (total, count), and a dict of gradients by path,
            without those that are None.
        """
        with tf.GradientTape() as tape:
            terms = self.step_function(batch, self._random(batch, index))
            if counts is None:
                counts = _over_replicas(_counts(terms))
            loss = loss_terms.total_loss(
                {k: t._replace(count=counts.get(k)) for k, t in terms.items()}
            )
            scaled = loss * self.guard.loss_scale
        gradients = tape.gradient(scaled, self.optimizer.variables)
        return (
            {name: _sums(term) for name, term in terms.items()},
            {
                path: tf.convert_to_tensor(gradient)
                for path, gradient in gradients.items()
                if gradient is not None
            },
        )

    def _random(self, batch, index) -> RandomStream:
        """The stream of the examples in part `index` of this replica."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        part = replica * self.settings.accumulation_steps + index
        size = tf.shape(tf.nest.flatten(batch)[0])[0]
        return RandomStream(self.settings.seed, self.step, part * size)


def _split(batch, parts: int):
    """Cut `(batch, ...)` tensors into `(parts, batch / parts, ...)`."""

    def split(tensor):
        if tensor.shape[0] and tensor.shape[0] % parts:
            raise UserError(
                "A replica's share of a batch must be a multiple of "
                f"accumulation_steps. Received: {tensor.shape[0]} examples "
                f"and {parts}. Choose another train_batch_size."
            )
        shape = tf.shape(tensor)
        cut = tf.concat([[parts, shape[0] // parts], shape[1:]], axis=0)
        result = tf.reshape(tensor, cut)
        size = tensor.shape[0] and tensor.shape[0] // parts
        return tf.ensure_shape(result, [parts, size, *tensor.shape[1:]])

    return tf.nest.map_structure(split, batch)


def _sum_over_parts(function, parts, *arguments):
    """Add up function(part, index, *arguments); it is traced once."""
    function = tf.function(function)

    def part(index):
        return tf.nest.map_structure(lambda tensor: tensor[index], parts)

    first = tf.constant(0)
    traced = function.get_concrete_function(part(first), first, *arguments)
    total = tf.nest.map_structure(
        lambda output: tf.zeros(output.shape, output.dtype),
        traced.structured_outputs,
    )
    for index in tf.range(tf.shape(tf.nest.flatten(parts)[0])[0]):
        more = function(part(index), index, *arguments)
        total = tf.nest.map_structure(tf.add, total, more)
    return total


def _counts(terms: dict) -> dict:
    """The counts of the terms that are means and are trained on."""
    return {
        name: term.count
        for name, term in terms.items()
        if term.count is not None and term.weight is not None
    }


def _over_replicas(counts: dict) -> dict:
    """Add up each count over the replicas."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return counts
    return {
        name: context.all_reduce(tf.distribute.ReduceOp.SUM, count)
        for name, count in counts.items()
    }


def _sums(term) -> tuple:
    """Total and count; a term that is a sum counts its updates."""
    context = tf.distribute.get_replica_context()
    once = tf.constant(1.0) / context.num_replicas_in_sync
    return term.total, once if term.count is None else term.count


def _means(sums: dict) -> dict[str, float]:
    """Means over the steps that were finite, NaN if none was."""
    return {
        name: total / count if count else float("nan")
        for name, (total, count) in sums.items()
    }
