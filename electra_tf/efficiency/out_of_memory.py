"""What to do when memory does not suffice: an estimate, and the ways out."""

import contextlib
import re
from collections.abc import Callable, Iterator

from electra_tf.efficiency.memory import Memory
from electra_tf.errors import UserError

_WORDS = re.compile(
    r"OOM when allocating|out of memory|Failed to allocate|bad_alloc|"
    r"Unable to allocate|RESOURCE_EXHAUSTED",
    re.IGNORECASE,
)
# What was to be allocated, of a long message.
_ASKED = re.compile(
    r"tensor with shape\s?\[[^\]]*\] and type \w+|"
    r"\d+ bytes|[\d.]+ ?[KMGT]i?B|"
    r"array with shape \([^)]*\) and data type \w+"
)
_GB = 1e9


class OutOfMemoryError(UserError, MemoryError):
    """A device or the machine has less memory than a step needs."""


@contextlib.contextmanager
def explained(config, memory: Callable[[], Memory]) -> Iterator[None]:
    """Say what was asked for, what a step needs and what can be lowered.

    Args:
        config: of a run.
        memory: function without arguments to the estimate of a step.

    Raises:
        OutOfMemoryError: in place of what TensorFlow, XLA and NumPy raise.
    """
    try:
        yield
    except Exception as error:
        text = str(error)
        if not (isinstance(error, MemoryError) or _WORDS.search(text)):
            raise
        if isinstance(error, UserError | OSError):
            raise
        raise OutOfMemoryError(_message(config, text, memory())) from error


def _message(config, text: str, memory: Memory) -> str:
    asked = _ASKED.search(text)
    parts = {
        "weights and optimizer": memory.weights + memory.adam,
        "activations": memory.activations + memory.logits,
        "update": memory.gradients + memory.update + memory.sums,
    }
    sizes = ", ".join(f"{name} {n / _GB:.2f}" for name, n in parts.items())
    where = f" for {asked[0]}" if asked else ""
    return (
        f"There is not enough memory{where}. By an estimate a step needs "
        f"{memory.peak / _GB:.2f} GB on one device ({sizes}). Ways out, in "
        f"this order: {'; '.join(_ways(config))}."
    )


def _ways(config) -> list[str]:
    """Return what makes a step smaller, what changes least first."""
    ways = [
        f"raise --accumulation_steps (now {config.accumulation_steps}), which "
        "gives the same updates in smaller parts"
    ]
    if not config.recompute:
        ways.append("--recompute, which gives the same updates more slowly")
    ways += [
        f"lower --{name} (now {getattr(config, name)})"
        for name in ("train_batch_size", "max_seq_length")
    ]
    return [*ways, "choose a smaller model"]
