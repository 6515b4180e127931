"""Outputs of a task's head for every example of a split."""

import functools

import numpy as np
import tensorflow as tf

from electra_tf.finetuning import inputs
from electra_tf.io import records


class Predictor:
    """Runs the encoder and one task's head, without dropout.

    Args:
        model: `FinetuningModel`.
        task: `Task`.
        strategy: `tf.distribute.Strategy`.
        length: int to pad every input to, or None for the longest of a batch.
        most: int, the most tokens of an input.
    """

    def __init__(self, model, task, strategy, length: int | None, most: int):
        self.model = model
        self.task = task
        self.strategy = strategy
        self.length = length
        self.most = most

    def __call__(self, split: inputs.Inputs, batch_size: int) -> dict:
        """Return the head's outputs.

        Args:
            split: examples of the task, padded to whole batches.
            batch_size: int, examples of a global batch.

        Returns:
            Dict of arrays `(examples, ...)`, in the order of the examples'
            numbers, without padding examples. Where batches differ in shape
            (outputs per token), the smaller ones are padded with 0.
        """
        order = inputs.evaluation_order(split, batch_size)
        dataset = self.strategy.distribute_datasets_from_function(
            functools.partial(self._shares, split, order)
        )
        batches = [self._local(self._batch(batch)) for batch in dataset]
        outputs = {
            name: joined([batch[name] for batch in batches])
            for name in batches[0]
        }
        # Padding examples belong to no task.
        real = np.flatnonzero(outputs.pop("belongs"))
        order = real[np.argsort(outputs["eid"][real], kind="stable")]
        return {name: values[order] for name, values in outputs.items()}

    def _shares(self, split: inputs.Inputs, order, context):
        """Give the replicas of each worker all batches.

        Every worker then has all outputs without asking the others for them.
        """
        pipelines = context.num_input_pipelines
        here = tf.distribute.InputContext(
            num_replicas_in_sync=context.num_replicas_in_sync // pipelines
        )
        batches = inputs.batches(split, order, self.length, self.most, here)
        return records.without_autotuning(batches)

    def _local(self, per_replica: dict) -> dict:
        """Join what this worker's replicas computed."""
        return {
            name: joined(
                [
                    part.numpy()
                    for part in self.strategy.experimental_local_results(values)
                ]
            )
            for name, values in per_replica.items()
        }

    @tf.function(reduce_retracing=True)
    def _batch(self, batch) -> dict:
        return self.strategy.run(self._replica_batch, args=(batch,))

    def _replica_batch(self, batch) -> dict:
        outputs = self.model(batch, None, only=self.task.name)
        belongs = batch["task_id"] < len(self.model.heads)
        return {**outputs[self.task.name], "belongs": belongs}


def joined(arrays: list[np.ndarray]) -> np.ndarray:
    """Concatenate along the first axis; pad the other axes to the longest.

    >>> joined([np.ones((1, 3)), np.ones((1, 2))]).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """
    shape = np.max([array.shape[1:] for array in arrays], axis=0).astype(int)
    whole = [
        np.pad(array, [(0, 0), *((0, n) for n in shape - array.shape[1:])])
        for array in arrays
    ]
    return np.concatenate(whole)
