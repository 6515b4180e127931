"""How long a pre-training step takes on other machines: a model of it.

    python -m electra_tf.efficiency.scale --model=base --accelerator=tpu_v3 \\
        --count=16
    python -m electra_tf.efficiency.scale --published

Arithmetic, memory traffic and the sum of gradients over devices take time, at
published peak rates; the longest of the three is the least time of a step if
they overlap perfectly. The first and the third are counted, memory traffic is
estimated. Real runs take a multiple of it, shown for published ones. The host
has to read records at the rate told. Nothing here was measured on the
accelerators named.

All sizes are bytes and operations of an update of the global batch; B batch,
L length, H hidden size, E embedding size, V vocabulary, N predicted tokens.
"""

import argparse
import typing

from electra_tf import command_line
from electra_tf.configs import (
    MODEL_SIZES,
    PretrainingConfig,
)
from electra_tf.efficiency.accelerators import ACCELERATORS, PRECISIONS
from electra_tf.efficiency.executed_flops import update_flops
from electra_tf.efficiency.networks import networks, parameters
from electra_tf.efficiency.published_runs import (
    BASE_512,
    PUBLISHED,
    Published,
)
from electra_tf.errors import UserError

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
_SECONDS_PER_DAY = 86400
# In the middle of what published runs in 16 bit reached, 10% to 32%.
UTILISATION = 0.25


class Step(typing.NamedTuple):
    """What an update costs, in seconds at peak rates, and what it needs.

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
    """Return what the networks keep for the backward pass of a batch.

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
    """Return what each device sends to sum the gradients over a ring."""
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
    device, width = ACCELERATORS[accelerator], PRECISIONS[precision]
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


def published_table() -> str:
    """Return published runs beside the floor of each, for people."""
    head = (
        f"{'run':32}{'devices':12}{'precision':11}{'published':>10}"
        f"{'floor':>10}{'bound':>9}{'at 25%':>10}{'of peak':>9}  source"
    )
    return "\n".join([head, *map(_published_row, PUBLISHED)])


def _published_row(run: Published) -> str:
    config = _config(**run.settings)
    model = step(config, run.accelerator, run.count, run.precision, run.parts)
    return (
        f"{run.name:32}{f'{run.count} x {run.accelerator}':12}"
        f"{run.precision:11}{_time(run.seconds):>10}{_time(model.floor):>10}"
        f"{model.bound:>9}{_time(model.expected(UTILISATION)):>10}"
        f"{model.compute / run.seconds:>9.0%}  {run.source}"
    )


def described(config: PretrainingConfig, model: Step, utilisation: float):
    """Return a modelled step in lines for people.

    Args:
        config: of the run.
        model: its `Step`.
        utilisation: share of the peak arithmetic rate to expect.
    """
    expected = model.expected(utilisation)
    days = expected * config.num_train_steps / _SECONDS_PER_DAY
    flops = update_flops(config)
    return "\n".join(
        [
            f"weights           {parameters(config) / 1e6:.1f} million",
            f"a step            {flops / 1e12:,.4g} TFLOP, {model.examples} "
            "examples",
            f"arithmetic        {_time(model.compute)} at peak",
            f"memory traffic    {_time(model.memory)} at peak",
            f"sum of gradients  {_time(model.all_reduce)} at peak",
            f"floor             {_time(model.floor)}, by {model.bound}",
            f"at {utilisation:.0%} of peak    {_time(expected)}: "
            f"{1 / expected:.3g} steps/s, {config.num_train_steps:,} steps in "
            f"{days:.2f} days",
            f"input needed      {model.examples / expected:,.0f} examples/s, "
            f"{model.input_bytes / expected / 1e6:.2f} MB/s of records",
            f"a checkpoint      {3 * FLOAT32 * parameters(config) / 1e6:,.0f} "
            "MB: weights and two Adam slots",
        ]
    )


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`."""
    args = _parser().parse_args(argv)
    if args.published:
        print(published_table())
        return
    with command_line.errors_of("scale"):
        config = _sized_config(args)
        model = step(config, args.accelerator, args.count, args.precision)
    print(described(config, model, args.utilisation))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m electra_tf.efficiency.scale",
        description="The time of a pre-training step on other machines.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--published", action="store_true", help="known runs")
    parser.add_argument("--model", choices=MODEL_SIZES, default="base")
    parser.add_argument("--accelerator", choices=ACCELERATORS, default="tpu_v3")
    parser.add_argument("--count", type=int, default=16, help="devices")
    parser.add_argument("--precision", choices=PRECISIONS, default="16 bit")
    parser.add_argument("--batch", type=int, help="examples of an update")
    parser.add_argument("--length", type=int, help="tokens of an example")
    parser.add_argument("--steps", type=int, help="updates")
    parser.add_argument(
        "--utilisation",
        type=float,
        default=UTILISATION,
        help="share of the peak arithmetic rate; see --published",
    )
    return parser


# Of the paper's Table 6, what decides the cost of a step.
_RECIPES = {
    "small": {"num_train_steps": 1_000_000},
    "base": {**BASE_512, "num_train_steps": 766_000},
    "large": {
        "model_size": "large",
        "max_seq_length": 512,
        "train_batch_size": 2048,
        "mask_prob": 0.25,
        "num_train_steps": 400_000,
    },
}


def _sized_config(args) -> PretrainingConfig:
    if args.count < 1 or not 0 < args.utilisation <= 1:
        raise UserError(
            "count must be at least 1 and utilisation in (0, 1]. Received: "
            f"{args.count} and {args.utilisation}."
        )
    given = {
        "train_batch_size": args.batch,
        "max_seq_length": args.length,
        "num_train_steps": args.steps,
    }
    changes = {k: v for k, v in given.items() if v is not None}
    return _config(**{**_RECIPES[args.model], **changes})


def _config(**settings) -> PretrainingConfig:
    return PretrainingConfig(data_dir="-", model_name="-", **settings)


def _time(seconds: float) -> str:
    """Write a short time for people.

    >>> _time(0.00042), _time(0.25), _time(9.004), _time(90)
    ('0.420 ms', '250 ms', '9.00 s', '90.0 s')
    """
    number, unit = (seconds, "s") if seconds >= 1 else (1000 * seconds, "ms")
    return f"{number:#.3g}".rstrip(".") + f" {unit}"


if __name__ == "__main__":
    main()
