"""Equal cost: how many updates a budget of FLOPs pays for.

The count is that of the operations which the machine does
(`electra_tf.efficiency.executed_flops`), optimizer and heads included: the
paper's own count leaves out that all-token heads cost more than masked ones,
and charges for looking embeddings up.
"""

from benchmarks.study.models import pretraining_config
from electra_tf.efficiency.executed_flops import (
    flops_of_updates,
    update_flops,
)
from electra_tf.efficiency.flops import pretraining_flops
from electra_tf.errors import UserError

# Checkpoints of a model, which must not train for fewer updates.
_SAVED = 8
_LOOPS = 128  # Lines of metrics of a model.


def num_steps(settings: dict, flops: float) -> int:
    """Return the most updates whose cost is within the budget.

    >>> from benchmarks.study.models import SHARED
    >>> num_steps({**SHARED, "objective": "mlm"}, 1e12)
    375

    Raises:
        UserError: the budget is too small for eight updates.
    """
    cost = _total(settings, _SAVED)
    if cost > flops:
        raise UserError(
            f"The budget must pay for {_SAVED} updates of every model, "
            f"{cost:.2g} FLOPs here. Received: {flops:.2g}."
        )
    steps = int(flops // update_flops(pretraining_config(settings)))
    # In two stages the mean cost of an update depends on their number.
    while _total(settings, steps) > flops:
        steps -= 1
    return steps


def _total(settings: dict, steps: int) -> int:
    """Return the cost of some updates."""
    config = pretraining_config(settings, num_train_steps=steps)
    return flops_of_updates(config, steps)


def intervals(steps: int) -> dict[str, int]:
    """Return how often to write metrics and checkpoints.

    Checkpoints are saved at the end of a loop, so that loops divide them.

    >>> intervals(2000)
    {'iterations_per_loop': 15, 'save_checkpoints_steps': 240}
    """
    loop = max(1, steps // _LOOPS)
    return {
        "iterations_per_loop": loop,
        "save_checkpoints_steps": steps // _SAVED // loop * loop,
    }


def cost(settings: dict, steps: int) -> dict:
    """Return what some updates take, by both counts."""
    config = pretraining_config(settings, num_train_steps=steps)
    return {
        "steps": steps,
        "tokens": steps * config.train_batch_size * config.max_seq_length,
        "flops": _total(settings, steps),
        "paper_flops": pretraining_flops(config),
    }
