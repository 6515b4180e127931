"""Training steps on a GPU beside Hugging Face's, in at most ten minutes.

    python -m benchmarks.gpu --output=gpu.json
    python -m benchmarks.gpu --output=cpu.json --tiny    (a trial of the kit)

Needs JAX, PyTorch and transformers, and no TensorFlow; Keras alone may be
missing on such a machine. It is not compiled, but for a small package that it
needs, so its files can be carried along. Where there is an index:

    pip download --no-deps --only-binary=:all: --python-version=3.12 \\
        --platform=manylinux_2_28_x86_64 --platform=manylinux2014_x86_64 \\
        -d wheels keras==3.15.1 namex optree

and on the machine, in the project's folder:

    pip install --no-index --no-deps --target=/tmp/site wheels/*.whl
    PYTHONPATH=/tmp/site python -m benchmarks.gpu --output=gpu.json

Each network with each program is a process, alone on the device, that makes
rounds of steps; the file is written anew after each, and says what was left
out, and why. Then loss and gradient on the GPU are compared with those on the
CPU, and where TensorFlow is installed `tests/fidelity` runs, without TF32.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

from benchmarks import timed_steps
from benchmarks.gpu import cells
from electra_tf import command_line
from electra_tf.efficiency import executed_flops
from electra_tf.errors import UserError
from electra_tf.io import files

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = ("jax", "keras", "numpy", "tensorflow", "torch", "transformers")
MATMUL = 8192  # Rows of the matrices.
TINY_MATMUL = 256
SHORTEST = 5.0  # Seconds; no process is begun for less.


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.gpu", __doc__)
    parser.add_argument("--output", required=True, help="a file")
    parser.add_argument("--minutes", type=float, default=9.5, help="at most")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="of a round")
    parser.add_argument(
        "--tiny", action="store_true", help="a network for a CPU, few steps"
    )
    args = parser.parse_args(argv)
    try:
        files.check_local(args.output, "--output")
    except UserError as error:
        parser.error(str(error))
    args.output = pathlib.Path(args.output)
    return args


class Clock:
    """What is left of the time, and each process's part of it."""

    def __init__(self, minutes: float, processes: int):
        self._end = time.monotonic() + 60 * minutes
        self._processes = processes

    def next_limit(self) -> float:
        """Return the seconds of the next process: half, or all for the last.

        One that hangs leaves time for the others then.
        """
        self._processes -= 1
        left = max(0.0, self._end - time.monotonic())
        return left / 2 if self._processes > 0 else left


def output_of(command: list[str], limit: float, text: str = "", **environ):
    """Run a process for so many seconds at most.

    Returns what it printed, and what went wrong, or "".
    """
    if limit < SHORTEST:
        return "", f"skipped: {limit:.0f} seconds were left"
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**command_line.environment_with(ROOT), **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Compilers have processes of their own.
    )
    try:
        printed, errors = process.communicate(text, timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        printed, _ = process.communicate()
        return printed, f"stopped after {limit:.0f} seconds"
    if process.returncode:
        return printed, f"status {process.returncode}: {errors[-2000:]}"
    return printed, ""


def json_of(module: str, *options: str, limit: float) -> dict:
    """Return what a module prints as JSON, or the problem."""
    printed, problem = output_of(["-m", module, *options], limit)
    return {"problem": problem} if problem else json.loads(printed)


def measured(cell: cells.Cell, command, args, limit: float) -> dict:
    """Time rounds of steps of a program; those done count if it is stopped."""
    rounds = "1\n" + args.rounds * f"{args.steps}\n"
    command = ["-m", *command, *cell.options()]
    started = time.monotonic()
    printed, problem = output_of(command, limit, rounds)
    found = {"process_seconds": time.monotonic() - started}
    if problem:
        found["problem"] = problem
    lines = [[*map(float, line.split())] for line in printed.splitlines()]
    if lines:
        found["first_step_seconds"] = lines[0][0]
    if len(lines) > 1:
        found["seconds"] = [seconds for seconds, _, _ in lines[1:]]
        found["peak_bytes"] = lines[-1][2]
    return found


def derived(row: dict, cell: cells.Cell, rate: float | None) -> dict:
    """Return tokens a second, and the share of the rate of products."""
    if "seconds" not in row:
        return {}
    seconds = statistics.median(row["seconds"])
    found = {"tokens_per_second": cell.batch_size * cell.length / seconds}
    if rate:
        args = timed_steps.sizes().parse_args(cell.options())
        work = executed_flops.update_flops(timed_steps.config(args))
        found["share_of_matmul_rate"] = work / seconds / rate
    return found


def fidelity(limit: float) -> dict:
    """Run the comparison with the original's recorded numbers."""
    if not importlib.util.find_spec("tensorflow"):
        return {"problem": "skipped: TensorFlow is not installed"}
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/fidelity"]
    printed, problem = output_of(command, limit, NVIDIA_TF32_OVERRIDE="0")
    last = printed.strip().splitlines()[-1:]
    return {"result": last, **({"problem": problem} if problem else {})}


def versions() -> dict[str, str]:
    """Return the versions of the packages that are installed."""
    return {
        name: importlib.metadata.version(name)
        for name in PACKAGES
        if importlib.util.find_spec(name)
    }


def main(argv: list[str] | None = None):
    """Measure, and write after each process what there is."""
    args = arguments(argv)
    sizes, matmul = cells.CELLS, MATMUL
    if args.tiny:
        sizes, matmul = cells.TINY_CELLS, TINY_MATMUL
        args.rounds, args.steps = 2, 1
    programs = cells.programs()
    clock = Clock(args.minutes, len(sizes) * len(programs) + 3)
    results = {"versions": versions(), "precision": cells.PRECISION}

    def add(name: str, value: dict, *path: str):
        """Keep a result, write all, and say it."""
        place = results
        for key in path:
            place = place.setdefault(key, {})
        place[name] = value
        files.write_json(args.output, results)  # Whole, if it is stopped.
        print(*path, name, json.dumps(value), sep=": ", flush=True)

    add(
        "matmul",
        json_of("benchmarks.gpu.matmul", str(matmul), limit=clock.next_limit()),
    )
    rate = results["matmul"].get("rate")
    for cell_name, cell in sizes.items():
        for program, command in programs.items():
            row = measured(cell, command, args, clock.next_limit())
            row |= derived(row, cell, rate)
            add(program, row, "steps", cell_name)
    agreement = json_of("benchmarks.gpu.agreement", limit=clock.next_limit())
    add("gpu_and_cpu", agreement)
    add("fidelity", fidelity(clock.next_limit()))


if __name__ == "__main__":
    main()
