"""One step on every replica: an update of the weights, or of an evaluation.

An update:

    for each batch:
        each replica:
            terms = step_function(batch, random)
            gradient of the total loss over the global batch
            optimizer.apply: sum over replicas, clip, update the weights
        step += 1

With `accumulation_steps` k, a replica's share of the batch goes through the
network in k parts whose gradients add up to that of the whole.
"""

import contextlib
import dataclasses
import math
import sys
from collections.abc import Callable, Iterable, Iterator

import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.errors import UserError
from electra_tf.kernels import fused
from electra_tf.randomness import RandomStream
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW
from electra_tf.training.settings import Settings
from electra_tf.training.stopping import InterruptibleCalls


@dataclasses.dataclass(eq=False)
class TrainStep:
    """The compiled update; model, optimizer and data come as arguments.

    Args:
        step_function: function from a batch (this replica's share, or a part
            of it) and a `RandomStream` to a dict of `LossTerm`s.
        optimizer: `AdamW`, or another of `optimizer.OPTIMIZERS`.
        iterator: over batches, distributed by the strategy.
        strategy: its scope is where optimizer, step and guard were made.
        step: the number of updates done.
        settings: what concerns one update is read of them.
        guard: counts the updates that are skipped.
    """

    step_function: Callable
    optimizer: AdamW
    iterator: Iterator
    strategy: tf.distribute.Strategy
    step: tf.Variable
    settings: Settings
    guard: NonFiniteGuard

    def __post_init__(self):
        self.step_function = tf.autograph.experimental.do_not_convert(
            self.step_function
        )
        alone = self.strategy.num_replicas_in_sync == 1
        # TPUs compile all, by themselves.
        tpu = isinstance(self.strategy, tf.distribute.TPUStrategy)
        compiled = self.settings.jit_compile and not tpu
        self._compiled_update = tf.function(
            self.update,
            jit_compile=compiled and alone,
            # Only the loop over parts of a batch is AutoGraph's.
            autograph=self.settings.accumulation_steps > 1,
            # Or the loop over updates would hold it twice.
            experimental_attributes={"_noinline": True},
        )
        # XLA cannot add up over replicas.
        self._compiles_replicas = compiled and not alone

    def run(self, num_steps: int) -> dict[str, tuple[float, float]]:
        """Update so many times; return (total, count) of each loss.

        Raises:
            NonFiniteError: after too many skipped updates in a row.
        """
        first_step = int(self.step.numpy())
        sums, finite = self._run(self.iterator, tf.constant(num_steps))
        self.guard.check(first_step, finite.numpy())
        return tf.nest.map_structure(float, sums)

    def metrics(self, sums: dict) -> dict[str, float]:
        """Return mean losses and the last learning rate.

        Args:
            sums: what `run` returned, added up over calls.
        """
        rate = self.optimizer.learning_rate(self.step - 1)
        return {
            # Over the steps that were finite, NaN if none was.
            **{
                name: total / count if count else math.nan
                for name, (total, count) in sums.items()
            },
            "learning_rate": float(rate),
            **self.guard.metrics(),
        }

    @tf.function(reduce_retracing=True)
    def _run(self, iterator, num_steps):
        """Return the sums of the losses, and whether each step was finite."""
        sums, good = self._update_replicas(next(iterator))
        finite = tf.TensorArray(tf.bool, num_steps).write(0, good)
        for index in tf.range(1, num_steps):
            more, good = self._update_replicas(next(iterator))
            sums = tf.nest.map_structure(tf.add, sums, more)
            finite = finite.write(index, good)
        return sums, finite.stack()

    def _update_replicas(self, batch):
        """Update once; return the losses' sums over the global batch."""
        per_replica, finite = self.strategy.run(
            self._compiled_update, args=(batch,)
        )
        # Every replica sees the same summed gradient.
        finite = self.strategy.reduce("MEAN", finite, axis=None) > 0.5
        self.guard.record(finite)
        self.step.assign_add(1)

        def summed(value):
            # In float64, where sums of float32 losses are exact: however the
            # steps are divided over calls, their sum is the same.
            total = self.strategy.reduce("SUM", value, axis=None)
            total = tf.cast(total, tf.float64)
            return tf.where(finite, total, tf.zeros_like(total))

        return tf.nest.map_structure(summed, per_replica), finite

    def update(self, batch) -> tuple:
        """Make one replica's part of an update; call it in replica context.

        Args:
            batch: this replica's share of the batch.

        Returns:
            A dict of pairs (total, count) by loss, and 1.0 if the update was
            finite, else 0.0.
        """
        if self._compiles_replicas:
            counts = _over_replicas(tf.function(self._local_counts)(batch))
            # A function of each replica's own, which holds its variables.
            compiled = tf.function(self._local_gradients, jit_compile=True)
            sums, gradients = compiled(batch, counts)
        elif self.settings.accumulation_steps == 1:
            sums, gradients = self._gradients(batch, 0)
        else:
            counts = _over_replicas(self._local_counts(batch))
            sums, gradients = self._local_gradients(batch, counts)
        norm = self.optimizer.apply(
            gradients,
            self.step,
            loss=tf.add_n([total for total, _ in sums.values()]),
            loss_scale=self.guard.loss_scale,
            largest=tf.float16.max if self.settings.loss_scaling else None,
        )
        return sums, tf.cast(tf.math.is_finite(norm), tf.float32)

    def _local_counts(self, batch) -> dict:
        # Its graph is pruned to what counting needs: no network.
        return self._over_parts(self._counts, batch)

    def _local_gradients(self, batch, counts) -> tuple:
        return self._over_parts(self._gradients, batch, counts)

    def _over_parts(self, function, batch, *arguments):
        """Add up function(part, index, *arguments) over parts of a batch."""
        parts = self.settings.accumulation_steps
        if parts == 1:
            return function(batch, 0, *arguments)
        return _sum_over_parts(function, _split(batch, parts), *arguments)

    def _counts(self, batch, index) -> dict:
        return _counts(self.step_function(batch, self._random(batch, index)))

    def _gradients(self, batch, index, counts=None) -> tuple:
        """Return the losses' sums and the gradients of part `index` of a batch.

        `counts` are those of the terms over the global batch; None where the
        part is all that this replica has. Gradients that are None are left out.
        """
        with tf.GradientTape() as tape:
            with fused.left_to_the_compiler(bool(self.settings.jit_compile)):
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
        """Return the stream of the examples in part `index` of a replica."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        part = replica * self.settings.accumulation_steps + index
        size = tf.shape(tf.nest.flatten(batch)[0])[0]
        step = tf.convert_to_tensor(self.step)  # No variable to derive by.
        return RandomStream(self.settings.seed, step, part * size)


@dataclasses.dataclass(eq=False)
class Evaluator:
    """Sums statistics over an evaluation set.

    Args:
        sums_function: function from a batch and a `RandomStream` to a dict of
            tensors that add up over batches and replicas.
        summarize: function from the added-up dict of arrays to metrics.
        dataset: distributed by the strategy.
        strategy: that of the model.
        seed: every evaluation draws the same numbers.
        stop: an object that is true once to stop; None for never.

    Attributes:
        batches: how many the last evaluation had.
    """

    sums_function: Callable
    summarize: Callable[[dict], dict[str, float]]
    dataset: Iterable
    strategy: tf.distribute.Strategy
    seed: int
    stop: object = None

    def __post_init__(self):
        # TensorFlow cannot run such a loop of a graph on several workers.
        several = tf.distribute.MultiWorkerMirroredStrategy
        if not isinstance(self.strategy, several):
            self._run = tf.function(self._run)

    def evaluate(self, num_steps: int) -> dict[str, float]:
        """Evaluate `num_steps` batches, or all that there are for -1.

        Raises:
            Stopped: when asked to stop, between two calls of about a second.
            UserError: when there is no batch.
        """
        iterator, total, done = iter(self.dataset), {}, tf.constant(0, tf.int64)

        def add(number: int):
            nonlocal total, done
            last = done + number
            sums, done = self._run(iterator, done, last)
            total = {k: total[k] + v if total else v for k, v in sums.items()}
            if done < last:
                raise StopIteration

        with contextlib.suppress(StopIteration):
            number = sys.maxsize if num_steps == -1 else num_steps
            InterruptibleCalls(self.stop)(add, number)
        if not done:
            raise UserError(
                "There is not one whole batch to evaluate. Expected at least "
                "as many examples as a batch holds; use more held-out data or "
                "a smaller eval_batch_size."
            )
        self.batches = int(done)
        return self.summarize({k: v.numpy() for k, v in total.items()})

    def _run(self, iterator, index, last):
        """Return the sums of batches up to number `last`, and their number."""
        traced = self._sums.get_concrete_function(iterator.element_spec, index)
        total = _zeros(traced.structured_outputs)
        while index < last:
            batch = iterator.get_next_as_optional()
            if not batch.has_value():
                break
            batch = _as_promised(batch.get_value(), iterator.element_spec)
            more = self._sums(batch, index)
            total = tf.nest.map_structure(tf.add, total, more)
            index += 1
        return total, index

    @tf.function
    def _sums(self, batch, index):
        per_replica = self.strategy.run(self._replica_sums, (batch, index))
        return tf.nest.map_structure(
            lambda value: self.strategy.reduce("SUM", value, axis=None),
            per_replica,
        )

    def _replica_sums(self, batch, index):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        size = tf.shape(tf.nest.flatten(batch)[0])[0]
        random = RandomStream(f"evaluation {self.seed}", index, replica * size)
        return self.sums_function(batch, random)


def _as_promised(batch, spec):
    """Give a distributed batch the shapes that its dataset says it has.

    TensorFlow takes it for one that may have no examples, and TPUs, as XLA
    does, compile for shapes that are known.
    """
    for tensor, one in zip(
        tf.nest.flatten(batch, expand_composites=True),
        tf.nest.flatten(spec, expand_composites=True),
        strict=True,
    ):
        tensor.set_shape(one.shape)
    return batch


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
    total = _zeros(traced.structured_outputs)
    for index in tf.range(tf.shape(tf.nest.flatten(parts)[0])[0]):
        more = function(part(index), index, *arguments)
        total = tf.nest.map_structure(tf.add, total, more)
    return total


def _zeros(outputs):
    """Return zeros in the shapes of a traced function's outputs."""
    return tf.nest.map_structure(lambda o: tf.zeros(o.shape, o.dtype), outputs)


def _counts(terms: dict) -> dict:
    """Return the counts of the terms that are means and are trained on."""
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
    """Return total and count; a term that is a sum counts its updates."""
    context = tf.distribute.get_replica_context()
    once = tf.constant(1.0) / context.num_replicas_in_sync
    return term.total, once if term.count is None else term.count
