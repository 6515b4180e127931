"""Programs in processes of their own, to be killed and started again."""

import json
import pathlib
import subprocess
import sys
import time

import numpy as np

from electra_tf.training import checkpoints
from tests.small_run import ROOT, command_line

# Enough of a network for dropout, masks, samples and shuffling to matter.
SMALL = {
    "model_hparam_overrides": {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
    },
    "shuffle_buffer_size": 50,
    "num_eval_steps": 1,
}
TIMED = {
    "steps_per_second",
    "tokens_per_second",
    "flops_per_second",
    "matmul_share",
    "seconds_left",
}
PATIENCE = 300  # Seconds until something that has to happen has not.


class Program:
    """One run of the command, in a folder of its own.

    Args:
        data_dir: folder with vocabulary and records.
        name: str, name of the run.
        settings: dict, settings by name.
    """

    def __init__(self, data_dir, name: str, **settings):
        self.folder = pathlib.Path(data_dir, "models", name)
        self.command = [
            sys.executable,
            *self.arguments(data_dir, name, {**SMALL, **settings}),
        ]
        self.process = None

    @staticmethod
    def arguments(data_dir, name: str, settings: dict) -> list[str]:
        """The command line, the program first."""
        return command_line(data_dir, name, **settings)

    def start(self, *flags: str, **options) -> "Program":
        self.process = subprocess.Popen(
            [*self.command, *flags],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        return self

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was printed."""
        printed = self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode, printed

    def run(self, *flags: str, **options) -> tuple[int, str]:
        return self.start(*flags, **options).end()

    def finish(self) -> str:
        status, printed = self.run()
        assert status == 0, printed
        return printed

    def wait_until(self, happened) -> bool:
        """Wait for something, or the process's end; return whether it did."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            if happened():
                return True
            assert time.monotonic() < end, self.kill()
            time.sleep(0.001)
        return False

    def wait_for_step(self, step: int) -> bool:
        return self.wait_until(lambda: self.last_step() >= step)

    def kill(self) -> str:
        """Kill it as nothing can prevent (SIGKILL)."""
        self.process.kill()
        return self.process.communicate()[1]

    def last_step(self) -> int:
        """The step of the last row that is written to the end."""
        steps = [row["step"] for row in self.rows("metrics.jsonl", torn=True)]
        return steps[-1] if steps else 0

    def rows(self, name: str, torn: bool = False) -> list[dict]:
        """The rows of a file of metrics, without what depends on time."""
        path = self.folder / name
        lines = path.read_text().splitlines(True) if path.exists() else []
        if torn and lines and not lines[-1].endswith("\n"):
            lines.pop()
        return [
            {k: v for k, v in json.loads(line).items() if k not in TIMED}
            for line in lines
        ]

    def state(self) -> dict[str, np.ndarray]:
        """All that the newest checkpoint holds."""
        path = str(self.folder)
        training = checkpoints.read_training_state(path)
        return {
            **checkpoints.read_variables(path),
            **training.slots,
            "step": np.array(training.step),
        }


def assert_same(program: Program, reference: Program):
    """Weights, Adam slots and rows must be equal to the last bit."""
    state, expected = program.state(), reference.state()
    assert state.keys() == expected.keys()
    for path, value in expected.items():
        np.testing.assert_array_equal(state[path], value, err_msg=path)
    for name in ("metrics.jsonl", "evaluations.jsonl"):
        assert program.rows(name) == reference.rows(name), name
