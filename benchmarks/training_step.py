"""The time of a training step, beside Hugging Face's ELECTRA in PyTorch.

    python -m benchmarks.training_step --batch_size=16 --length=128
    python -m benchmarks.training_step --torch_python=other_venv/bin/python

Each program has a process of its own and waits while another one is timed;
they take turns, so that a change of the machine's speed meets all of them.
Tokens are drawn at random. Needs torch and transformers, in the installation
that `--torch_python` belongs to.
"""

import argparse
import contextlib
import subprocess
import sys

from benchmarks.data_build import median_and_range
from electra_tf import command_line

# What is timed: a name, and the module that makes the steps with its options.
OURS = "electra_tf"
PROGRAMS = {
    OURS: ("benchmarks.training_step_ours",),
    "electra_tf, XLA": ("benchmarks.training_step_ours", "--jit_compile"),
    "transformers": ("benchmarks.training_step_torch",),
    "transformers, head at masked positions": (
        "benchmarks.training_step_torch",
        "--gather",
    ),
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.training_step", __doc__)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3, help="of a round")
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--model_size", default="small")
    parser.add_argument("--torch_python", default=sys.executable)
    return parser.parse_args()


class Program:
    """A process that makes steps when told to."""

    def __init__(self, python: str, module: str, *options: str):
        self._process = subprocess.Popen(
            [python, "-m", module, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self, steps: int):
        """Let it make steps."""
        print(steps, file=self._process.stdin, flush=True)

    def end(self) -> tuple[float, ...]:
        """Wait for it; return its answer, see `timed_steps`."""
        answer = self._process.stdout.readline().split()
        if len(answer) != 3:
            raise RuntimeError(f"No times from {self._process.args}; see above")
        return tuple(map(float, answer))

    def __call__(self, steps: int) -> tuple[float, ...]:
        """Make steps; return its answer."""
        self.begin(steps)
        return self.end()

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *unused):
        self._process.stdin.close()
        self._process.wait()


def in_turns(
    programs: dict[str, tuple], args: argparse.Namespace, names, steps: int
) -> list[dict[str, tuple]]:
    """Return the answers of programs that take turns, a dict a round.

    They are told the options `names` of ours. Each makes a step before.
    """
    shared = [f"--{name}={getattr(args, name)}" for name in names]
    with contextlib.ExitStack() as stack:
        running = {}
        for name, (module, *options) in programs.items():
            python = args.torch_python if "torch" in module else sys.executable
            program = Program(python, module, *options, *shared)
            running[name] = stack.enter_context(program)
            program.begin(1)
        for program in running.values():
            program.end()
        return [
            {name: program(steps) for name, program in running.items()}
            for _ in range(args.rounds)
        ]


def main():
    """Time in turns and print medians and ranges."""
    args = arguments()
    names = ("batch_size", "length", "precision", "model_size")
    rounds = in_turns(PROGRAMS, args, names, args.steps)
    print(f"{'a step':40}{'seconds':26}{'of ours':26}of ours, processor time")
    for name in PROGRAMS:
        seconds = [times[name][0] for times in rounds]
        ratios = (
            [times[name][k] / times[OURS][k] for times in rounds]
            for k in range(2)
        )
        columns = [median_and_range(v, 2) for v in (seconds, *ratios)]
        print(f"{name:40}" + "".join(f"{text:26}" for text in columns))


if __name__ == "__main__":
    main()
