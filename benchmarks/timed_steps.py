"""A process that makes training steps and says how long they took.

It reads how many from its standard input, a line each time, and answers with
the seconds and the processor seconds of one.
"""

import argparse
import sys
import time


def sizes() -> argparse.ArgumentParser:
    """Return a parser of what all programs are told."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch_size", type=int, required=True)
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--model_size", required=True)
    return parser


def serve(run):
    """Answer until the input ends; `run` makes the given number of steps."""
    for line in sys.stdin:
        started, processor_started = time.perf_counter(), time.process_time()
        steps = int(line)
        run(steps)
        print(
            (time.perf_counter() - started) / steps,
            (time.process_time() - processor_started) / steps,
            flush=True,
        )
