"""Models of equal cost, compared as in the papers.

    python -m benchmarks.study --output_dir=study --corpus_dir=books \\
        --glue_dir=glue --chunking_dir=chunking

The programs are run as from a shell, and their commands are printed.
`--help` lists all settings; docs/explanation/study.md has what came out.
"""

import json
import os
import pathlib
import signal
import sys

from benchmarks.study import budget, data, plan, programs, report
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.model_folder import ModelFolder
from benchmarks.study.plan import Finetuning, Training
from benchmarks.study.probes import task_flags
from electra_tf import command_line
from electra_tf.configs import from_flags
from electra_tf.training import run_folder


class Study:
    """Trains and scores what the results do not have yet."""

    def __init__(self, config: StudyConfig):
        self.config = config
        self.folder = pathlib.Path(config.output_dir).resolve()
        self.results_file = pathlib.Path(config.results_file).resolve()
        self.failed: list[str] = []

    def run(self):
        """Run everything that is missing, in order."""
        data_is_there = False
        for training in plan.trainings(self.config):
            ledger = Ledger(self.results_file)
            wanted = plan.finetunings(self.config, training)
            trials = [one for one in wanted if one.key not in ledger.trials]
            if training.id in ledger.models and not trials:
                continue
            if not data_is_there:
                data.prepare(self.config, training.settings)
                data_is_there = True
            self._try(training, trials)
            report.write(self.config)

    def _try(self, training: Training, trials: list[Finetuning]):
        """Train and score; what fails does not keep others from it."""
        name = f"{training.name} (seed {training.seed})"
        print(f"\n== {name}, {training.flops:.3g} FLOPs", flush=True)
        try:
            if not training.is_random and not self._is_trained(training):
                self._pretrain(training)
            self._record(training)
            if trials:
                self._finetune(trials)
        except programs.ProgramError as error:
            print(f"study: {name}: {error}", file=sys.stderr, flush=True)
            self.failed.append(name)

    def _record(self, training: Training):
        """Add what is known of a model; it must be the one of the results.

        Another machine rounds otherwise, and so trains another model.
        """
        ledger, row = Ledger(self.results_file), self._model_row(training)
        known = ledger.models.get(training.id)
        if known is None:
            ledger.add(row)
        elif losses(known) != losses(row):
            raise programs.ProgramError(
                f"{self._folder(training).path} must hold the model that "
                f"{self.results_file} has, whose losses on held-out records "
                f"are {losses(known)}. Received: {losses(row)}, as of a model "
                "trained on another machine. Set another results_file or seed."
            )

    def _is_trained(self, training: Training) -> bool:
        return self._folder(training).results.exists()

    def _folder(self, training: Training) -> ModelFolder:
        return ModelFolder(self.folder / "models" / training.id)

    def _pretrain(self, training: Training):
        programs.run(
            "run_pretraining.py",
            data_dir=self.folder,
            model_name=training.id,
            **training.flags,
        )

    def _model_row(self, training: Training) -> dict:
        row = {
            "kind": "model",
            "id": training.id,
            "model": training.name,
            "seed": training.seed,
            "budget": training.flops,
            "settings": training.settings,
        }
        if training.is_random:
            return row
        cost = budget.cost(training.settings, training.steps)
        return row | cost | self._folder(training).facts()

    def _finetune(self, trials: list[Finetuning]):
        tasks = [self._task(trial) for trial in trials]
        programs.run("-m", "benchmarks.study.trials", stdin=json.dumps(tasks))

    def _task(self, trial: Finetuning) -> dict:
        """Return the arguments of `trials.run`."""
        training, key = trial.training, trial.key
        settings = {
            **trial.settings,
            "data_dir": str(self.folder),
            "model_name": training.id,
            **task_flags(trial.task, str(self.folder / "finetuning_data")),
            # The program's first trial has the seed after this one.
            "seed": trial.seed - 1,
        }
        if training.is_random:
            settings |= shape(training.settings) | {"from_scratch": True}
        else:
            folder = self._folder(training)
            settings["init_checkpoint"] = folder.checkpoint(training.steps)
        name = f"{training.id}_{trial.task}_{trial.seed}"
        return {
            "settings": settings,
            "folder": str(self.folder / "trials" / name),
            "results_file": str(self.results_file),
            "row": {
                "kind": "trial",
                "model": training.name,
                **key._asdict(),
                "settings": trial.settings,
            },
        }


def losses(row: dict) -> dict[str, float]:
    """Return what a model's row says of its losses on held-out records."""
    found = row.get("held_out", {}).items()
    return {name: value for name, value in found if name.endswith("_loss")}


def shape(settings: dict) -> dict:
    """Return those settings that make the encoder."""
    names = ("vocab_size", "embedding_size", "model_hparam_overrides")
    return {name: settings[name] for name in names}


def main(argv: list[str]):
    """Run the program with the command line `argv`."""
    config = from_flags.parse(StudyConfig, argv)
    if config.report_only:
        report.write(config)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(os.EX_TEMPFAIL))
    study = Study(config)
    with command_line.errors_of("study"):
        try:
            with run_folder.claimed(config.output_dir):
                study.run()
        except KeyboardInterrupt:
            sys.exit(os.EX_TEMPFAIL)
        except programs.ProgramError as error:
            sys.exit(f"study: {error}")
    report.write(config)
    if study.failed:
        sys.exit(f"study: failed: {', '.join(dict.fromkeys(study.failed))}")


if __name__ == "__main__":
    main(sys.argv)
