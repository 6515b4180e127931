"""Steps that take no time, or for ever, for `test_gpu`."""

import time

from benchmarks import timed_steps


def run(steps: int):
    """Make steps; two hundred never end."""
    time.sleep(3600 if steps == 200 else 0)


if __name__ == "__main__":
    timed_steps.sizes().parse_args()
    timed_steps.serve(run, lambda: 123.0)
