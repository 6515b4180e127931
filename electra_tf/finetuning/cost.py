"""What the updates of a trial cost, at the lengths they are padded to."""

import numpy as np

from electra_tf.configs import FinetuningConfig
from electra_tf.efficiency import finetuning_flops


def executed_flops(config: FinetuningConfig, tasks: list, widths: np.ndarray):
    """Return the function from a number of updates to their operations.

    Args:
        config: `FinetuningConfig`.
        tasks: list of `Task`, learnt together.
        widths: int array `(steps, replicas)`, what `inputs.widths` returns.
    """
    heads = [task.head for task in tasks]
    lengths, places = np.unique(widths, return_inverse=True)
    costs = [
        finetuning_flops.update_flops(config, heads, int(length))
        for length in lengths
    ]
    # Replicas have equal shares, and Adam's part does not depend on lengths.
    updates = np.array(costs, float)[places.reshape(widths.shape)].mean(axis=1)
    done = np.concatenate([[0.0], np.cumsum(updates)])
    return lambda steps: float(done[steps])
