"""Evaluation: statistics summed over batches and replicas."""

import orbit
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.randomness import RandomStream


class Evaluator(orbit.AbstractEvaluator):
    """Sums statistics over an evaluation set.

    Args:
        sums_function: function from a batch and a `RandomStream` to a dict of
            tensors that add up over batches and replicas.
        summarize: function from the added-up dict of arrays to metrics.
        dataset: distributed dataset.
        strategy: `tf.distribute.Strategy`.
        seed: int; every evaluation draws the same numbers.
    """

    def __init__(self, sums_function, summarize, dataset, strategy, seed):
        self.sums_function = sums_function
        self.summarize = summarize
        self.dataset = dataset
        self.strategy = strategy
        self.seed = seed

    def evaluate(self, num_steps) -> dict:
        """Evaluate `num_steps` batches, or all that there are for -1."""
        total = None
        for index, batch in enumerate(self.dataset):
            if index == num_steps:
                break
            sums = self._sums(batch, tf.constant(index, tf.int64))
            total = (
                sums
                if total is None
                else tf.nest.map_structure(tf.add, total, sums)
            )
        if total is None:
            raise UserError(
                "There is not one whole batch to evaluate. Expected at least "
                "as many examples as a batch holds; use more held-out data or "
                "a smaller eval_batch_size."
            )
        return self.summarize({k: v.numpy() for k, v in total.items()})

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
