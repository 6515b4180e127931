"""A whole run of fine-tuning on CoLA, beside Hugging Face's in PyTorch.

    python -m benchmarks.finetuning_run --model_folder=FOLDER --cola=CoLA \\
        --torch_python=other_venv/bin/python

The folder is a model's, such as fine-tuning writes; Hugging Face has a network
of its shape with random weights. Both programs take turns and train for an
epoch in batches of 32, without evaluation. Seconds are from the command to the
end of the first update, those of an update after it, and all to the end.
"""

import argparse
import itertools
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.data_build import median_and_range
from electra_tf import command_line

BATCH_SIZE = 32
PROGRESS = re.compile(r"step (\d+)/")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_line.parser("benchmarks.finetuning_run", __doc__)
    add = parser.add_argument
    add("--model_folder", required=True)
    add("--cola", type=Path, required=True, help="folder of train.tsv")
    add("--updates", type=int, help="of a run; by default an epoch's")
    add("--rounds", type=int, default=3)
    add("--torch_python", default=sys.executable)
    return parser.parse_args()


def ours(args: argparse.Namespace, batches: int, folder: str) -> list[str]:
    """Return our command; the folder is new."""
    model = Path(args.model_folder)
    return [
        *(sys.executable, "run_finetuning.py", "--task_names=cola"),
        *(f"--data_dir={folder}", "--model_name=run", "--model_size=small"),
        *(f"--vocab_file={model / 'vocab.txt'}", "--num_trials=1"),
        *(f"--raw_data_dir={args.cola}", f"--init_checkpoint={model}"),
        *("--nodo_eval", f"--train_batch_size={BATCH_SIZE}"),
        # A little more, for the program rounds down.
        f"--num_train_epochs={(args.updates + 0.01) / batches}",
    ]


def theirs(args: argparse.Namespace) -> list[str]:
    """Return Hugging Face's command."""
    return [
        *(args.torch_python, "-m", "benchmarks.sentences_torch"),
        *("--task=train", f"--model_folder={args.model_folder}"),
        *(f"--input={args.cola / 'train.tsv'}", f"--updates={args.updates}"),
        f"--batch_size={BATCH_SIZE}",
    ]


def timed(command: list[str]) -> dict[str, float]:
    """Run a program that says which update it has done, and time it."""
    started = time.perf_counter()
    done, last = [], ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for last in process.stdout:
            if found := PROGRESS.match(last):
                done.append((int(found[1]), time.perf_counter() - started))
    if process.returncode or len(done) < 2:
        raise RuntimeError(f"{command} ended with {last}")
    seconds = [
        (after - before) / (step - previous)
        for (previous, before), (step, after) in itertools.pairwise(done)
    ]
    an_update = statistics.median(seconds)
    step, first = done[0]
    return {
        "to the first update": first - (step - 1) * an_update,
        "an update": an_update,
        "in all": time.perf_counter() - started,
    }


def main() -> None:
    """Time in turns and print medians and ranges."""
    args = arguments()
    with open(args.cola / "train.tsv", encoding="utf-8") as rows:
        batches = -(-sum(1 for _ in rows) // BATCH_SIZE)
    args.updates = args.updates or batches
    rounds = []
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory() as folder:
            times = {"electra_tf": timed(ours(args, batches, folder))}
        rounds.append(times | {"transformers": timed(theirs(args))})
    print(f"{args.updates} updates, seconds")
    for name in rounds[0]:
        for kind in rounds[0][name]:
            values = [times[name][kind] for times in rounds]
            print(f"{name:16}{kind:24}{median_and_range(values, 2)}")


if __name__ == "__main__":
    main()
