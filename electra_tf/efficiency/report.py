"""Reports the costs of models and runs: the paper's tables, and any config.

    python -m electra_tf.efficiency.report --format=markdown
    python -m electra_tf.efficiency.report --preset=small --accelerator=v100
    python -m electra_tf.efficiency.report --config=data/models/NAME
    python -m electra_tf.efficiency.report --preset=finetune_base --task=mnli \\
        --examples=392702

Without a config, the FLOPs columns of the paper's Tables 1, 2, 3, 4 and 8 as
printed and as counted; what differs is marked, with the reason. The models of
the released count follow, by its names. With a config, its operations, and
estimates of memory, time, energy and money. CSV and JSON have the numbers in
full precision.
"""

import argparse
import csv
import functools
import io
import json

from electra_tf import command_line
from electra_tf.configs import TASKS, PretrainingConfig
from electra_tf.efficiency import config_files, paper_tables, run_costs
from electra_tf.efficiency.run_costs import PEAK_RATES, Assumptions
from electra_tf.errors import UserError

UTILISATION = 0.25  # See docs/explanation/scale.md.
OVERHEAD = 1.1  # Of a data centre, over what its machines take: an assumption.


def as_markdown(rows: list[dict]) -> str:
    """Write rows as a table whose columns line up.

    >>> print(as_markdown([{"a": "1", "bc": ""}, {"a": "long", "bc": "2"}]))
    | a    | bc |
    | ---- | -- |
    | 1    |    |
    | long | 2  |
    """
    table = [list(rows[0]), *(map(_rounded, row.values()) for row in rows)]
    columns = []
    for first, *others in zip(*table, strict=True):
        width = max(map(len, (first, *others)))
        columns.append([c.ljust(width) for c in (first, "-" * width, *others)])
    lines = zip(*columns, strict=True)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _rounded(value) -> str:
    """Return a value for people; numbers that are no counts have four digits.

    >>> _rounded(1.23456e18), _rounded(4), _rounded(None)
    ('1.235e+18', '4', '')
    """
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def as_csv(rows: list[dict]) -> str:
    """Write rows as comma-separated values with a head."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().rstrip()


FORMATS = {
    "markdown": as_markdown,
    "csv": as_csv,
    "json": functools.partial(json.dumps, indent=1),
}


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`."""
    args = _parser().parse_args(argv)
    with command_line.errors_of("report"):
        _check(args)
        print(FORMATS[args.format](_rows(args)))


def _rows(args) -> list[dict]:
    if args.preset:
        config = config_files.preset(args.preset, args.task)
    elif args.config:
        config = config_files.read(args.config, args.task)
    else:
        return paper_tables.rows()
    rows = run_costs.finetuning_rows
    if isinstance(config, PretrainingConfig):
        rows = run_costs.pretraining_rows
    names = [args.accelerator] if args.accelerator else PEAK_RATES
    given = {n: getattr(args, n) for n in Assumptions._fields[1:]}
    return rows(config, args.examples, Assumptions(tuple(names), **given))


def _check(args):
    if args.count < 1 or not 0 < args.utilisation <= 1:
        raise UserError(
            "count must be at least 1 and utilisation in (0, 1]. Received: "
            f"{args.count} and {args.utilisation}."
        )
    for name in ("examples", "watts", "overhead", "price"):
        value = getattr(args, name)
        if value is not None and value <= 0:
            raise UserError(f"{name} must be above 0. Received: {value}.")
    if args.task and not (args.preset or args.config):
        raise UserError(
            f"task needs preset or config. Received: {args.task!r} alone."
        )


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser(
        "electra_tf.efficiency.report", "Reports costs of models and runs."
    )
    add = parser.add_argument
    source = parser.add_mutually_exclusive_group().add_argument
    source("--preset", help="a recipe of flags/presets")
    source("--config", help="folder of a run, or a flag file")
    add("--task", choices=TASKS, help="task of fine-tuning")
    add("--format", choices=FORMATS, default="markdown")
    add("--examples", type=int, help="examples of an epoch")
    add("--accelerator", choices=PEAK_RATES, help="default all")
    add("--count", type=int, default=1, help="number of devices")
    add("--precision", choices=run_costs.PRECISIONS, default="16 bit")
    rate_help = "share of the peak rate; see docs/explanation/scale.md"
    add("--utilisation", type=float, default=UTILISATION, help=rate_help)
    add("--watts", type=float, help="mean power of a device, for the energy")
    add(
        "--overhead",
        type=float,
        default=OVERHEAD,
        help="share on top of the energy",
    )
    add("--price", type=float, help="price of a device and hour")
    return parser


if __name__ == "__main__":
    main()
