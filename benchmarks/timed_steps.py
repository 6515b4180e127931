"""A process that makes training steps and says how long they took.

It reads how many from its standard input, a line each time, and answers with
the seconds and the processor seconds of one, and the most bytes it has used.
"""

import argparse
import contextlib
import json
import resource
import sys
import time

from electra_tf import command_line
from electra_tf.configs import PretrainingConfig


@contextlib.contextmanager
def libraries_of(program: str):
    """End with a line where what is imported within is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        sys.exit(f"{error}: this is a part of python -m {program}.")


def sizes(
    module: str = __name__, description: str = __doc__
) -> argparse.ArgumentParser:
    """Return a parser of what all programs are told."""
    parser = command_line.parser(module, description)
    parser.add_argument("--batch_size", type=int, required=True)
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--model_size", required=True)
    parser.add_argument("--overrides", type=json.loads, default={})
    return parser


def config(args: argparse.Namespace, **changes) -> PretrainingConfig:
    """Return the config of what a program was told."""
    return PretrainingConfig(
        data_dir="-",
        model_name="-",
        train_batch_size=args.batch_size,
        max_seq_length=args.length,
        precision=args.precision,
        model_size=args.model_size,
        model_hparam_overrides=args.overrides,
        **changes,
    )


def peak_of_process() -> float:
    """Return the most bytes of memory that this process has had."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(run, peak=peak_of_process):
    """Answer until the input ends.

    Args:
        run: makes the given number of steps.
        peak: returns the most bytes that were in use.
    """
    for line in sys.stdin:
        started, processor_started = time.perf_counter(), time.process_time()
        steps = int(line)
        run(steps)
        print(
            (time.perf_counter() - started) / steps,
            (time.process_time() - processor_started) / steps,
            peak(),
            flush=True,
        )
