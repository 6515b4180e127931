"""A head's outputs for every example of a split, on all replicas."""

import dataclasses
import io
import itertools

import numpy as np
import tensorflow as tf

from electra_tf.errors import Stopped
from electra_tf.finetuning import inputs
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.tasks.task import Task
from electra_tf.training import distribution, workers


@dataclasses.dataclass(frozen=True, eq=False)
class Predictor:
    """Runs the encoder and one task's head, without dropout.

    Inputs have `most` tokens at the most. They are padded to `length`, or
    without it to the longest of a batch. When told by `stop` it raises
    `Stopped`: between two batches, of several workers after all of them.
    """

    model: FinetuningModel
    task: Task
    strategy: tf.distribute.Strategy
    length: int | None
    most: int
    stop: object = None

    def __call__(self, split: inputs.Inputs, batch_size: int) -> dict:
        """Return the head's outputs for examples in whole global batches.

        They are arrays `(examples, ...)` by name, in the order of the
        examples' numbers, without padding examples. Where batches differ in
        shape (outputs per token), the smaller ones are padded with 0. Of
        several workers each computes its share, and has the others' too.
        """
        order = inputs.evaluation_order(split, batch_size)
        dataset = distribution.distribute(
            # Of a dataset with an end, workers would ask each other for it.
            lambda context: inputs.batches(
                split, order, self.length, self.most, context
            ).repeat(),
            self.strategy,
        )
        # One trace for all lengths.
        run = tf.function(
            lambda batch: self.strategy.run(self._replica_batch, (batch,)),
            input_signature=[dataset.element_spec],
            autograph=False,
        )
        batches = []
        for batch in itertools.islice(dataset, len(order)):
            if self.stop:
                raise Stopped(str(self.stop))
            batches.append(self._local(run(batch)))
        outputs = self._of_all_workers(_all_joined(batches))
        if isinstance(self.stop, workers.ClusterStop):
            self.stop.check()
        # Padding examples belong to no task.
        real = np.flatnonzero(outputs.pop("belongs"))
        order = real[np.argsort(outputs["eid"][real], kind="stable")]
        return {name: values[order] for name, values in outputs.items()}

    def _of_all_workers(self, outputs: dict) -> dict:
        if not workers.is_cluster(self.strategy):
            return outputs
        content = io.BytesIO()
        np.savez(content, **outputs)
        parts = workers.gathered(self.strategy, content.getvalue())
        return _all_joined([dict(np.load(io.BytesIO(part))) for part in parts])

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

    def _replica_batch(self, batch) -> dict:
        outputs = self.model(batch, None, only=self.task.name)
        belongs = batch["task_id"] < len(self.model.heads)
        return {**outputs[self.task.name], "belongs": belongs}


def _all_joined(parts: list[dict]) -> dict:
    """Join arrays of the same name."""
    return {name: joined([part[name] for part in parts]) for name in parts[0]}


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
