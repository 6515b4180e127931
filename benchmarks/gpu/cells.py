"""What is measured: sizes of networks and batches, and who makes the steps."""

import importlib.util
import typing

PRECISION = "bfloat16"


class Cell(typing.NamedTuple):
    """A network and a batch."""

    model_size: str
    batch_size: int
    length: int
    overrides: str = "{}"  # Of the encoder's shape, as JSON.

    def options(self) -> list[str]:
        """Return the options of a process that makes its steps."""
        shared = {**self._asdict(), "precision": PRECISION}
        return [f"--{name}={value}" for name, value in shared.items()]


# What matters most comes first: time may end.
CELLS = {
    "base, 32 x 512": Cell("base", 32, 512),
    "base, 128 x 128": Cell("base", 128, 128),
    "small, 128 x 128": Cell("small", 128, 128),
}
TINY_CELLS = {
    "tiny, 2 x 16": Cell(
        "small",
        2,
        16,
        '{"num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 4}',
    ),
}

OURS_IN_JAX = ("benchmarks.gpu.jax_step",)
OURS_IN_TENSORFLOW = ("benchmarks.training_step_ours", "--jit_compile")
TORCH = ("benchmarks.training_step_torch", "--gather", "--compile")


def programs() -> dict[str, tuple[str, ...]]:
    """Return what can make steps here: a module and its options by name."""
    wanted = {
        "electra_tf, JAX": ("jax", "keras", OURS_IN_JAX),
        "electra_tf, TensorFlow": ("tensorflow", "keras", OURS_IN_TENSORFLOW),
        "transformers, torch.compile": ("torch", "transformers", TORCH),
    }
    return {
        name: command
        for name, (*packages, command) in wanted.items()
        if all(map(importlib.util.find_spec, packages))
    }
