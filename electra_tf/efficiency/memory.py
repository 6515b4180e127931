"""The memory that a training step takes: an estimate, and what makes it less.

All but what the program takes follows from shapes. Numbers are float32. The
forward pass keeps what the backward pass reads, most when the last layer is
done; the update comes after it, when that is free again. TensorFlow may start
either before the other is through, and fuses some operations.
docs/explanation/flops.md has the estimate beside measured peaks.
"""

import contextlib
import re
import typing
from collections.abc import Callable, Iterator

from electra_tf.configs import (
    EncoderConfig,
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
)
from electra_tf.efficiency.finetuning_flops import (
    finetuning_parameters,
    inputs_of,
)
from electra_tf.efficiency.networks import Head, networks, parameters
from electra_tf.errors import UserError

FLOAT32 = 4
MASK = 1  # A byte of what dropout kept.
# A layer keeps of a token, by the hidden size: its input, the scaled queries,
# keys, values and contexts; what each of two layer norms makes before gamma,
# and of the first its output, too.
_HIDDEN_KEPT = 5 + 2 + 1
# By the intermediate size: what goes into GELU, and what comes out.
_INTERMEDIATE_KEPT = 2
# Of a head's GELU: the halved input, the one of its error function, that
# function and the output.
_HEAD_KEPT = 4
_NORM_SCALARS = 1  # The deviation.
_SCORE_BYTES = 2 * FLOAT32 + MASK  # Softmax before and after dropout.
# Of a weight in Adam's step, besides itself, its slots and its gradient: two
# products for each new slot, the direction and the decay. All weights go
# through it side by side.
_ADAM_COPIES = 4 + 2
_LOGIT_COPIES = 2  # The logits, and their gradient by the loss.
# Measured on a CPU, of networks whose tensors take next to nothing: the graph
# and the code made for it; see docs/explanation/flops.md.
_PROGRAM = 90_000_000
_PROGRAM_OF_A_LAYER = 35_000_000


class Memory(typing.NamedTuple):
    """Bytes of a training step, by what they are for."""

    weights: int  # Of all networks.
    adam: int  # Its two slots.
    activations: int  # Kept for the backward pass, where all are there.
    logits: int  # Of the tokens that are predicted.
    sums: int  # Of gradients over the parts of a batch; 0 for a single part.
    gradients: int  # Where all are there.
    update: int  # Further numbers on the way from gradients to weights.
    program: int  # TensorFlow's graph.

    @property
    def peak(self) -> int:
        """Bytes at the end of the forward pass, or in the update."""
        always = self.weights + self.adam + self.program
        passes = self.activations + self.logits + self.sums
        return always + max(passes, self.gradients + self.update)


def training_memory(config: PretrainingConfig) -> Memory:
    """Return what a step of pre-training needs, all of its batch on a device.

    >>> config = PretrainingConfig(
    ...     data_dir="D", model_name="M", train_batch_size=32)
    >>> memory = training_memory(config)
    >>> memory.weights, memory.activations, memory.logits
    (56784876, 1356595200, 148459008)
    >>> round(memory.peak / 1e9, 2)
    2.61
    """
    network = networks(config)
    encoders = [each.encoder for each in network.passes]
    kept = sum(_encoder_bytes(config, encoder) for encoder in encoders)
    kept += sum(map(_head_bytes, network.heads))
    predicted = sum(head.tokens for head in network.predictions)
    logits = FLOAT32 * _LOGIT_COPIES * predicted * config.vocab_size
    return _memory(config, parameters(config), encoders, kept, logits)


def finetuning_memory(config: FinetuningConfig, heads: list) -> Memory:
    """Return what a step needs at the full length, but what `heads` keep."""
    encoder = encoder_config(config)
    kept = _encoder_bytes(config, encoder) * inputs_of(config)
    number = finetuning_parameters(config, heads)
    return _memory(config, number, [encoder], kept)


def _memory(
    config, number: int, encoders: list, kept: int, logits: int = 0
) -> Memory:
    """Return the memory of a number of weights, and what an input keeps."""
    parts, weights = config.accumulation_steps, FLOAT32 * number
    examples = config.train_batch_size // parts
    layers = sum(encoder.num_hidden_layers for encoder in encoders)
    if config.recompute:  # The graph has each twice.
        layers *= 2
    return Memory(
        weights=weights,
        adam=2 * weights,
        activations=examples * kept,
        logits=examples * logits,
        sums=weights if parts > 1 else 0,
        gradients=weights,
        update=_ADAM_COPIES * weights,
        program=_PROGRAM + layers * _PROGRAM_OF_A_LAYER,
    )


def _head_bytes(head: Head) -> int:
    """Return what a head keeps of an input for GELUs; logits are apart."""
    if head.layer.predicts_tokens:
        return 0
    shapes = (
        dense.kernel_shape(head.encoder)
        for dense in head.layer.dense
        if dense.activation
    )
    numbers = sum(rows + _HEAD_KEPT * out for rows, out in shapes)
    return FLOAT32 * head.tokens * numbers


def _encoder_bytes(config, encoder: EncoderConfig) -> int:
    """Return what an encoder keeps of an input for the backward pass.

    With `recompute` that is each layer's input, and a layer at a time.
    """
    length, layers = config.max_seq_length, encoder.num_hidden_layers
    numbers = (
        _HIDDEN_KEPT * encoder.hidden_size
        + _INTERMEDIATE_KEPT * encoder.intermediate_size
        + 2 * _NORM_SCALARS
    )
    layer = FLOAT32 * numbers + 2 * MASK * encoder.hidden_size
    layer += _SCORE_BYTES * encoder.num_attention_heads * length
    # Their sum, its scale by the norm's deviation, and what dropout makes.
    embeddings = (3 * FLOAT32 + MASK) * encoder.embedding_size
    kept = layers * layer
    if config.recompute:
        kept = layers * FLOAT32 * encoder.hidden_size + layer
    return length * (kept + embeddings)


# ---- Where it does not suffice -----------------------------------------------

_WORDS_OF_LACK = re.compile(
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


class OutOfMemoryError(UserError, MemoryError):
    """A device or the machine has less memory than a step needs."""


@contextlib.contextmanager
def out_of_memory_explained(
    config, memory: Callable[[], Memory]
) -> Iterator[None]:
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
        if not (isinstance(error, MemoryError) or _WORDS_OF_LACK.search(text)):
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
    sizes = ", ".join(f"{name} {n / 1e9:.2f}" for name, n in parts.items())
    where = f" for {asked[0]}" if asked else ""
    return (
        f"There is not enough memory{where}. By an estimate a step needs "
        f"{memory.peak / 1e9:.2f} GB on one device ({sizes}). Ways out, in "
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
