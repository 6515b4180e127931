"""Checks the installation, the machine, and whether a config fits it.

    python -m electra_tf.doctor
    python -m electra_tf.doctor --model_size=base --train_batch_size=64

takes the flags of `run_pretraining.py`, or those of `run_finetuning.py`, and
prints a table: a row for each check. The exit status is 1 where one failed, 2
for flags that neither program has, and 0 otherwise.
"""

import os
import sys
import textwrap
from collections.abc import Iterable, Mapping

import electra_tf
from electra_tf import command_line
from electra_tf.configs import from_flags
from electra_tf.doctor import FAILED, Row, fit, installation, machine, probe
from electra_tf.efficiency import config_files
from electra_tf.errors import UserError

_WIDTH = 79
PROGRAM = "python -m electra_tf.doctor"


def main(argv: list[str] | None = None) -> None:
    """Run the program with the arguments `argv`, those of the process."""
    arguments = sys.argv[1:] if argv is None else argv
    if from_flags.asks_for_help(arguments):
        print(f"usage: {PROGRAM} [flags of a run]\n\n{__doc__.strip()}")
        return
    if from_flags.VERSION_FLAG in arguments:
        print(f"electra_tf {electra_tf.__version__}")
        return
    environment = dict(os.environ)
    os.environ.pop("KERAS_BACKEND", None)  # A row says what is wrong with it.
    with command_line.errors_of("doctor"):
        command_line.interruptible()
        try:
            config = config_files.of_flags(arguments)
        except UserError as error:
            print(f"doctor: {error}\nSee {PROGRAM} --help.", file=sys.stderr)
            sys.exit(from_flags.USAGE_ERROR)
        failed = print_rows(rows(config, probe.run(), environment))
        print(
            f"{failed} check{'s' * (failed > 1)} failed."
            if failed
            else "All is well."
        )
        sys.exit(min(failed, 1))


def rows(config, facts: dict, environment: Mapping[str, str]) -> Iterable[Row]:
    """Give all checks, in the order to read them.

    Args:
        config: of the run to make, see `config_files.of_flags`.
        facts: what `probe.facts` returned.
        environment: the variables that programs are started with.
    """
    gpus = machine.gpus()
    yield from installation.rows(environment)
    yield from machine.tensorflow_rows(facts)
    yield from machine.device_rows(facts, gpus, environment)
    yield from machine.host_rows()
    yield from fit.rows(config, gpus)


def print_rows(found: Iterable[Row]) -> int:
    """Print rows as they come; return how many have failed."""
    failed = 0
    for row in found:
        failed += row.status == FAILED
        print(_folded(f"{row.status:6}  {row.check:20}  {row.found}"))
        if row.advice:
            print(_folded(f"{'':8}{'->':>20}  {row.advice}"), flush=True)
    return failed


def _folded(line: str) -> str:
    return textwrap.fill(
        line,
        _WIDTH,
        subsequent_indent=" " * 30,
        break_long_words=False,
        replace_whitespace=False,
    )


if __name__ == "__main__":
    main()
