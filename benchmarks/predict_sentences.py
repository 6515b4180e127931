"""Sentences a second of `predict`, beside Hugging Face's ELECTRA in PyTorch.

    python -m benchmarks.predict_sentences --model_folder=FOLDER \\
        --input=sentences.txt --torch_python=other_venv/bin/python

The folder is what fine-tuning on sentences wrote; Hugging Face has a network of
its shape with random weights. Texts in, probabilities out: tokenization is
included. Each program has a process of its own, answers all sentences once
before it is timed, and waits while another one is timed; they take turns. The
starts are those of whole programs: one sentence, from the command to its
answer, and beside them a process that imports TensorFlow and does nothing.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.data_build import median_and_range
from benchmarks.training_step import in_turns
from electra_tf import command_line

OURS = "electra_tf"
TORCH = "benchmarks.sentences_torch"
PROGRAMS = {
    OURS: ("benchmarks.predict_sentences", "--serve"),
    "transformers, in order": (TORCH, "--task=predict"),
    "transformers, sorted by length": (TORCH, "--task=predict", "--sorted"),
}


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser("benchmarks.predict_sentences", __doc__)
    made.add_argument("--model_folder", required=True)
    made.add_argument("--input", required=True, help="a sentence a line")
    made.add_argument("--batch_size", type=int, default=32)
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--torch_python", default=sys.executable)
    made.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return made


def serve(args: argparse.Namespace) -> None:
    """Answer the sentences of the input when told to, as `predict` does."""
    from benchmarks import timed_steps
    from electra_tf.finetuning import finetuned_model, predict
    from electra_tf.finetuning.serving import input_rows

    command_line.set_up_tensorflow()
    from electra_tf.finetuning.serving.text_predictor import TextPredictor

    command_line.leave_graphs_as_they_are()
    predictor = TextPredictor(
        finetuned_model.read(args.model_folder), batch_size=args.batch_size
    )

    def run(times: int):
        for _ in range(times):
            with open(args.input, encoding="utf-8") as source:
                rows = input_rows.lines(source, predictor.answers.in_line)
                sink = io.StringIO()
                for some in predict.together(rows):
                    for answer in predict.answered(predictor, some, False):
                        sink.write(predict.as_json(answer) + "\n")

    timed_steps.serve(run)


def seconds_of(*command: str) -> float:
    """Run a program to its end; return the seconds."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def starts(args: argparse.Namespace) -> dict[str, list[float]]:
    """Return the seconds to the answer to one sentence, a round each."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder, "sentence.txt")
        with open(args.input, encoding="utf-8") as sentences:
            one.write_text(next(sentences), encoding="utf-8")
        model = f"--model_folder={args.model_folder}"
        ours = (sys.executable, "-m", "electra_tf.finetuning.predict", model)
        torch = (args.torch_python, "-m", TORCH, model, "--task=once")
        commands = {
            OURS: (*ours, f"--input={one}", f"--output={folder}/answer"),
            "import tensorflow": (sys.executable, "-c", "import tensorflow"),
            "transformers": (*torch, f"--input={one}"),
        }
        rounds = [
            {name: seconds_of(*command) for name, command in commands.items()}
            for _ in range(args.rounds)
        ]
    return {name: [times[name] for times in rounds] for name in commands}


def main() -> None:
    """Time in turns and print medians and ranges."""
    args = parser().parse_args()
    if args.serve:
        serve(args)
        return
    with open(args.input, encoding="utf-8") as sentences:
        number = sum(1 for _ in sentences)
    names = ("model_folder", "input", "batch_size")
    rounds = in_turns(PROGRAMS, args, names, steps=1)
    print(
        f"{number} sentences".ljust(32)
        + "sentences/s".ljust(26)
        + "of ours".ljust(22)
        + "of ours, processor time"
    )
    for name in PROGRAMS:
        speeds = [number / times[name][0] for times in rounds]
        of_ours = [times[OURS][0] / times[name][0] for times in rounds]
        processor = [times[OURS][1] / times[name][1] for times in rounds]
        print(
            f"{name:32}{median_and_range(speeds, 0):26}"
            f"{median_and_range(of_ours, 2):22}{median_and_range(processor, 2)}"
        )
    print("one sentence".ljust(32) + "seconds from the command")
    for name, seconds in starts(args).items():
        print(f"{name:32}{median_and_range(seconds)}")


if __name__ == "__main__":
    main()
