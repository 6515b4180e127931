"""Says how long a pre-training step takes on other machines, by `step`'s model.

    python -m benchmarks.machine_model --model=base --accelerator=tpu_v3 \\
        --count=16
    python -m benchmarks.machine_model --published
"""

import argparse

from benchmarks.machine_model.accelerators import ACCELERATORS, NUMBER_BYTES
from benchmarks.machine_model.published_runs import (
    BASE_512,
    PUBLISHED,
    SECONDS_PER_DAY,
    Published,
)
from benchmarks.machine_model.step import FLOAT32, Step, step
from electra_tf import command_line
from electra_tf.configs import MODEL_SIZES, PretrainingConfig
from electra_tf.efficiency.executed_flops import update_flops
from electra_tf.efficiency.networks import parameters
from electra_tf.errors import UserError

# In the middle of what published runs in 16 bit reached, 10% to 32%.
UTILISATION = 0.25


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
    days = expected * config.num_train_steps / SECONDS_PER_DAY
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
    with command_line.errors_of("machine_model"):
        config = _sized_config(args)
        model = step(config, args.accelerator, args.count, args.precision)
        print(described(config, model, args.utilisation))


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser(
        "benchmarks.machine_model",
        "The time of a pre-training step on other machines.",
    )
    parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
    parser.add_argument("--published", action="store_true", help="known runs")
    parser.add_argument("--model", choices=MODEL_SIZES, default="base")
    parser.add_argument("--accelerator", choices=ACCELERATORS, default="tpu_v3")
    parser.add_argument("--count", type=int, default=16, help="devices")
    parser.add_argument("--precision", choices=NUMBER_BYTES, default="16 bit")
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
