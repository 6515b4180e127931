"""Our layers for starts and ends of answers as the one that transformers has.

Theirs is a linear layer of two outputs, ours two of one output each.

H hidden size.
"""

import dataclasses

import numpy as np

from electra_tf.conversion.model import TASKS, Model, make

FIRST, SECOND = "dense", "dense_1"  # Of starts, of ends.


def joined(model: Model) -> Model:
    """Return the model with one layer `(H, 2)` in the place of the two.

    Heads of other layers stay as they are.
    """
    hidden_size = model.config.encoder.hidden_size
    two = dict.fromkeys((FIRST, SECOND), (hidden_size, 1))
    variables, tasks = dict(model.variables), dict(model.config.tasks)
    for task, layers in model.config.tasks.items():
        if layers != two:
            continue
        tasks[task] = {FIRST: (hidden_size, 2)}
        for name in ("kernel", "bias"):
            first, second = (f"{TASKS}/{task}/{d}/{name}" for d in two)
            variables[first] = np.concatenate(
                [variables[first], variables.pop(second)], axis=-1
            )
    config = dataclasses.replace(model.config, tasks=tasks)
    return make("the model", config, variables, model.vocab)
