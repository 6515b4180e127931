"""From the text on this machine to a fine-tuned ELECTRA, and a report.

    python -m demo --output_dir=demo_run

Runs the programs of this project one after another, and prints each command,
so that it can be repeated by hand on other data:

1. a corpus, and a labelled set: the docstrings of the installed packages
2. a WordPiece vocabulary
3. TFRecords
4. fine-tuning from random weights, three seeds
   (flags/presets/finetune_demo.flags)
5. pre-training (flags/presets/demo.flags), for the time that is left
6. fine-tuning from the pre-trained weights, with the same seeds
7. OUTPUT_DIR/report.md

The time is given; how many updates fit into it, the fourth step tells, which
trains the same network. Started again, it goes on where it was stopped.
"""

import dataclasses
import datetime
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

from demo import plan, report, text
from electra_tf import command_line
from electra_tf.configs import Config, from_flags, hparam
from electra_tf.io import files
from electra_tf.training.progress import duration

ROOT = pathlib.Path(__file__).parents[1]
MODEL_NAME = "electra_demo"
VOCAB_SIZE = 4096
HELD_OUT_SHARE = 0.02
NUM_TRIALS = 3
SHAPE = {
    "vocab_size": VOCAB_SIZE,
    "embedding_size": 64,
    "model_hparam_overrides": json.dumps(
        {
            "hidden_size": 64,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "initializer_range": 0.06,
        }
    ),
}
WARMUP_SHARE = 0.06
DATA_STEPS = 3  # Text, vocabulary, records.


@dataclasses.dataclass(frozen=True)
class DemoConfig(Config):
    """Settings of the demo: its folder, and how long it trains."""

    output_dir: str = hparam("demo_run", "folder for all that is made")
    minutes: float = hparam(
        9.5, "time for all, without the installation", more_than=0
    )
    num_train_steps: int | None = hparam(
        None,
        "updates of pre-training; null: as many as there is time for",
        at_least=1,
    )
    train_examples: int = hparam(
        8000, "labelled examples to fine-tune on", at_least=32
    )
    data_only: bool = hparam(
        False, "stop after text, vocabulary and records are made"
    )

    def check(self):
        """Raise a `UserError` for a folder of another machine."""
        files.check_local(self.output_dir, "output_dir")


class Demo:
    """The steps of the demo; each is skipped when its result is there."""

    def __init__(self, config: DemoConfig):
        self.config = config
        self.folder = pathlib.Path(config.output_dir)
        self.clock = self.folder / "seconds.json"
        # Of each step so far, in all starts of the demo.
        self.seconds: dict[str, float] = {}
        if self.clock.exists():
            self.seconds = json.loads(self.clock.read_text("utf-8"))

    def run(self):
        """Run all steps and write the report."""
        steps = {
            "text": self.make_text,
            "vocabulary": self.make_vocabulary,
            "records": self.make_records,
            plan.RANDOM: lambda: self.finetune("random"),
            "pre-training": self.pretrain,
            "fine-tuning": lambda: self.finetune("pretrained"),
        }
        number = DATA_STEPS if self.config.data_only else len(steps) + 1
        for place, (name, step) in enumerate(steps.items(), 1):
            print(f"\n== {place}/{number} {name}{self._when()}", flush=True)
            start = time.monotonic()
            step()
            # Of a step that went on, the part that was not done before.
            self.seconds.setdefault(name, 0.0)
            self.seconds[name] += time.monotonic() - start
            files.write_json(self.clock, self.seconds)
            if self.config.data_only and place == DATA_STEPS:
                return
        print(f"\n== {number}/{number} report", flush=True)
        report.write_report(self.folder, MODEL_NAME, self.seconds)

    def _when(self) -> str:
        """Say when all will be done."""
        left = 60 * self.config.minutes - sum(self.seconds.values())
        no_plan = self.config.num_train_steps or self.config.data_only
        if no_plan or left <= 0:
            return ""
        end = datetime.datetime.now() + datetime.timedelta(seconds=left)
        return f" (all done in {duration(left)}, at {end:%H:%M})"

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
        steps = self._num_train_steps()
        loop = max(1, steps // 50)
        self._program(
            "run_pretraining.py",
            preset="demo",
            data_dir=self.folder,
            model_name=MODEL_NAME,
            do_eval="true",
            num_train_steps=steps,
            num_warmup_steps=round(WARMUP_SHARE * steps),
            iterations_per_loop=loop,
            save_checkpoints_steps=10 * loop,
            eval_every_n_steps=10 * loop,
            **SHAPE,
        )

    def _num_train_steps(self) -> int:
        """Return how many updates to make: those that a start decided on."""
        path = self.folder / "models" / MODEL_NAME / "config.json"
        if path.exists():
            return json.loads(path.read_text("utf-8"))["num_train_steps"]
        if self.config.num_train_steps:
            return self.config.num_train_steps
        return plan.updates_in(60 * self.config.minutes, self.seconds)

    def finetune(self, start: str):
        """Fine-tune from pre-trained or from random weights."""
        folder = self.folder / "finetuned" / start
        random = {"from_scratch": "true", **SHAPE}
        self._program(
            "run_finetuning.py",
            preset="finetune_demo",
            data_dir=self.folder,
            model_name=MODEL_NAME,
            train_file=self.folder / "train.tsv",
            dev_file=self.folder / "dev.tsv",
            num_trials=NUM_TRIALS,
            model_dir=folder / "model",
            tuned_model_dir=folder / "tuned",
            results_txt=folder / "results.txt",
            results_json=folder / "results.json",
            unless=folder / "results.json",
            **(random if start == "random" else {}),
        )

    def _program(self, program: str, unless=None, **flags):
        """Run one of the project's programs, and show its command."""
        if unless is not None and unless.exists():
            print(f"{unless} is there already")
            return
        words = [*program.split(), *(f"--{k}={v}" for k, v in flags.items())]
        print(f"$ python {shlex.join(words)}", flush=True)
        environment = command_line.environment_with(ROOT)
        words = [str(ROOT / w) if w.endswith(".py") else w for w in words]
        result = subprocess.run([sys.executable, *words], env=environment)
        if result.returncode:
            sys.exit(f"demo: `{program}` failed; its message is above.")


if __name__ == "__main__":
    demo = Demo(from_flags.parse(DemoConfig, sys.argv))
    with command_line.errors_of("demo"):
        demo.run()
