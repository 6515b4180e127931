"""The time of a pre-training step by published rates of machines: a model.

Arithmetic, memory traffic and the sum of gradients over devices take time, at
published peak rates; the longest of the three is the least time of a step if
they overlap perfectly. The first and the third are counted, memory traffic is
estimated. Real runs take a multiple of it, shown for published ones. The host
has to read records at the rate told. Nothing here was measured on the
accelerators named.

All sizes are bytes and operations of an update of the global batch; B batch,
L length, H hidden size, E embedding size, V vocabulary, N predicted tokens.
"""

import typing

from benchmarks.machine_model.accelerators import ACCELERATORS, NUMBER_BYTES
from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency.executed_flops import update_flops
from electra_tf.efficiency.networks import networks, parameters

FLOAT32 = 4  # Bytes of a weight, a gradient and each Adam slot.
# Weights, two slots and the gradient are read, the first three written.
_ADAM_TOUCHES = 7
# Forward reads the weights, backward reads them and writes gradients.
_WEIGHT_TOUCHES = 3
# Bytes that a layer keeps for a token's backward pass: 34 H + 5 L for each
# head, of 16-bit numbers (Korthikanti et al. 2022, arXiv 2205.05198, eq. 2).
_KEPT_PER_HIDDEN = 34
_KEPT_PER_SCORE = 5
_KEPT_WIDTH = 2
# An estimate: what is kept is written, read by the next layer, read backward,
# and so is its gradient, once.
_ACTIVATION_TOUCHES = 4
# An estimate: logits, noise, maximum, softmax and the gradient of each.
_LOGIT_TOUCHES = 8
# Of a token in a record: id, mask and segment as varints, and the framing. An
# example of 64 tokens takes 320 bytes.
_RECORD_BYTES = 5


class Step(typing.NamedTuple):
    """The costs of an update, in seconds at peak rates, and its input.

    Attributes:
        compute: seconds of arithmetic.
        memory: seconds of memory traffic.
        all_reduce: seconds of summing gradients over the devices.
        examples: inputs of the global batch.
        input_bytes: bytes of their records.
    """

    compute: float
    memory: float
    all_reduce: float
    examples: int
    input_bytes: int

    @property
    def floor(self) -> float:
        """Seconds if all three overlap perfectly."""
        return max(self.compute, self.memory, self.all_reduce)

    def expected(self, utilisation: float) -> float:
        """Seconds at a share of the peak arithmetic rate, or the floor."""
        return max(self.compute / utilisation, self.floor)

    @property
    def bound(self) -> str:
        """Name of the longest of the three."""
        names = ("compute", "memory", "all_reduce")
        return max(names, key=lambda name: getattr(self, name))


def activation_bytes(config: PretrainingConfig, width: int) -> int:
    """Return the size of what networks keep for the backward pass of a batch.

    Args:
        config: of the run.
        width: bytes of a number.
    """
    length = config.max_seq_length
    tokens = config.train_batch_size * length
    kept = sum(
        encoder.num_hidden_layers
        * (
            _KEPT_PER_HIDDEN * encoder.hidden_size
            + _KEPT_PER_SCORE * encoder.num_attention_heads * length
        )
        for encoder, *_ in networks(config).passes
    )
    return tokens * kept * width // _KEPT_WIDTH


def logit_bytes(config: PretrainingConfig) -> int:
    """Return the size of the float32 logits of tokens, B x N x V."""
    tokens = sum(head.tokens for head in networks(config).predictions)
    return FLOAT32 * config.train_batch_size * tokens * config.vocab_size


def all_reduce_bytes(config: PretrainingConfig, count: int) -> float:
    """Return the bytes that each device sends to sum gradients over a ring."""
    return 2 * (count - 1) / count * FLOAT32 * parameters(config)


def step(
    config: PretrainingConfig,
    accelerator: str,
    count: int,
    precision: str = "16 bit",
    parts: int = 1,
) -> Step:
    """Model an update of the global batch on several devices.

    Args:
        config: of the run; its batch is shared out over the devices.
        accelerator: a key of `ACCELERATORS`.
        count: how many of them.
        precision: "float32" or "16 bit", see `Accelerator.peak`.
        parts: micro-batches of a device; gradients are summed over the
            devices once.
    """
    device, width = ACCELERATORS[accelerator], NUMBER_BYTES[precision]
    flops = update_flops(config)
    weights = FLOAT32 * parameters(config)
    traffic = (
        weights * (_ADAM_TOUCHES + parts * _WEIGHT_TOUCHES)
        + (
            _ACTIVATION_TOUCHES * activation_bytes(config, width)
            + _LOGIT_TOUCHES * logit_bytes(config)
        )
        / count
    )
    return Step(
        compute=flops / count / device.peak[precision],
        memory=traffic / device.memory,
        all_reduce=all_reduce_bytes(config, count) / device.network,
        examples=config.train_batch_size,
        input_bytes=config.train_batch_size
        * config.max_seq_length
        * _RECORD_BYTES,
    )
