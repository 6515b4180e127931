"""From the text on this machine to a fine-tuned ELECTRA, and a report.

    python -m demo --output_dir=demo_run

Runs the programs of this project one after another, and prints each command,
so that it can be repeated by hand on other data:

1. a corpus, and a labelled set: the docstrings of the installed packages
2. a WordPiece vocabulary
3. TFRecords
4. pre-training (flags/presets/demo.flags)
5. fine-tuning from the pre-trained weights and from random ones, three seeds
   each (flags/presets/finetune_demo.flags)
6. OUTPUT_DIR/report.md

Started again, it goes on where it was stopped.
"""

import dataclasses
import os
import pathlib
import subprocess
import sys
import time

from demo import report, text
from electra_tf import command_line
from electra_tf.configs import Config, from_flags, hparam
from electra_tf.io import files

ROOT = pathlib.Path(__file__).parents[1]
MODEL_NAME = "electra_demo"
VOCAB_SIZE = 4096
HELD_OUT_SHARE = 0.02
NUM_TRIALS = 3


@dataclasses.dataclass(frozen=True)
class DemoConfig(Config):
    """Settings of the demo: its folder, and how long it trains."""

    output_dir: str = hparam("demo_run", "folder for all that is made")
    num_train_steps: int | None = hparam(
        None, "updates of pre-training; null: those of the preset", at_least=1
    )
    train_examples: int = hparam(
        4000, "labelled examples to fine-tune on", at_least=32
    )
    data_only: bool = hparam(
        False, "stop when text, vocabulary and records are there"
    )

    def check(self):
        """Raise a `UserError` for a folder of another machine."""
        files.check_local(self.output_dir, "output_dir")


class Demo:
    """The steps of the demo; each is skipped when its result is there."""

    def __init__(self, config: DemoConfig):
        self.config = config
        self.folder = pathlib.Path(config.output_dir)

    def run(self):
        """Run all steps and write the report."""
        steps = {
            "text": self.make_text,
            "vocabulary": self.make_vocabulary,
            "records": self.make_records,
            "pre-training": self.pretrain,
            "fine-tuning": lambda: self.finetune("pretrained"),
            "fine-tuning, random start": lambda: self.finetune("random"),
        }
        number, seconds = len(steps) + 1, {}
        for place, (name, step) in enumerate(steps.items(), 1):
            print(f"\n== {place}/{number} {name}", flush=True)
            start = time.monotonic()
            step()
            seconds[name] = time.monotonic() - start
            if name == "records" and self.config.data_only:
                return
        print(f"\n== {number}/{number} report", flush=True)
        report.write_report(self.folder, MODEL_NAME, seconds)

    def make_text(self):
        """Collect docstrings: a corpus, and labelled examples."""
        if not (self.folder / "dev.tsv").exists():
            text.write_texts(self.folder, self.config.train_examples)

    def make_vocabulary(self):
        """Train WordPiece."""
        self._program(
            "-m data_prep.build_vocab",
            corpus_dir=self.folder / "corpus",
            output_file=self.folder / "vocab.txt",
            vocab_size=VOCAB_SIZE,
            unless=self.folder / "vocab.txt",
        )

    def make_records(self):
        """Build TFRecords."""
        self._program(
            "-m data_prep.build_pretraining_dataset",
            corpus_dir=self.folder / "corpus",
            vocab_file=self.folder / "vocab.txt",
            output_dir=self.folder / "pretrain_tfrecords",
            max_seq_length=64,
            held_out_share=HELD_OUT_SHARE,
            num_processes=os.cpu_count(),
        )

    def pretrain(self):
        """Train generator and discriminator; evaluate on held-out text."""
        steps = self.config.num_train_steps
        self._program(
            "run_pretraining.py",
            preset="demo",
            data_dir=self.folder,
            model_name=MODEL_NAME,
            vocab_size=VOCAB_SIZE,
            do_eval="true",
            **({"num_train_steps": steps} if steps else {}),
        )

    def finetune(self, start: str):
        """Fine-tune from pre-trained or from random weights."""
        folder = self.folder / "finetuned" / start
        self._program(
            "run_finetuning.py",
            preset="finetune_demo",
            data_dir=self.folder,
            model_name=MODEL_NAME,
            train_file=self.folder / "train.tsv",
            dev_file=self.folder / "dev.tsv",
            num_trials=NUM_TRIALS,
            model_dir=folder / "model",
            results_txt=folder / "results.txt",
            results_json=folder / "results.json",
            unless=folder / "results.json",
            from_scratch="true" if start == "random" else "false",
        )

    def _program(self, program: str, unless=None, **flags):
        """Run one of the project's programs, and show its command."""
        if unless is not None and unless.exists():
            print(f"{unless} is there already")
            return
        words = [*program.split(), *(f"--{k}={v}" for k, v in flags.items())]
        print(f"$ python {' '.join(words)}", flush=True)
        environment = command_line.environment_with(ROOT)
        words = [str(ROOT / w) if w.endswith(".py") else w for w in words]
        result = subprocess.run([sys.executable, *words], env=environment)
        if result.returncode:
            sys.exit(f"demo: `{program}` failed; its message is above.")


if __name__ == "__main__":
    demo = Demo(from_flags.parse(DemoConfig, sys.argv))
    with command_line.errors_of("demo"):
        demo.run()
