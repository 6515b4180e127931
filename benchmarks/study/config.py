"""The settings of a study."""

import dataclasses
import os
from collections.abc import Mapping

from benchmarks.study.models import MODELS
from benchmarks.study.probes import PROBES
from electra_tf.configs import Config, hparam
from electra_tf.configs.hparams import Derived
from electra_tf.errors import UserError
from electra_tf.io import files


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudyConfig(Config):
    """Trains models of equal cost, fine-tunes them, writes table and figure.

    The same command goes on where it stopped: what the results file has is
    not done again, and a model amidst its training resumes. Exit status: 0
    done; 1 something failed, the rest is done; 75 stopped by SIGTERM or
    Ctrl-C.
    """

    output_dir: str = hparam("study", "folder of runs, records and trials")
    results_file: str = hparam(
        Derived(lambda c: f"{c.output_dir}/results.jsonl", "in output_dir"),
        "results, one a line; enough to go on from, without the runs",
    )
    report_dir: str = hparam(
        Derived(lambda c: c.output_dir, "output_dir"),
        "where study_table.md and study.png go",
    )
    report_only: bool = hparam(False, "draw what there is, and train nothing")
    corpus_dir: str | None = hparam(None, "text to pre-train on")
    split_sentences: str | None = hparam(
        None,
        "cut its lines into sentences: root, or a language (see the build)",
    )
    glue_dir: str | None = hparam(
        None, "folder with CoLA, MRPC, SST-2 and STS-B, as GLUE has them"
    )
    chunking_dir: str | None = hparam(
        None, "folder with CoNLL-2000's train.txt and test.txt"
    )
    models: tuple[str, ...] = hparam(
        tuple(MODELS), "models to train, in this order", choices=tuple(MODELS)
    )
    flops: tuple[str, ...] = hparam(
        ("3e13",), "costs of each model's training, each a run of its own"
    )
    num_seeds: int = hparam(1, "pre-training runs of a model", at_least=1)
    tasks: tuple[str, ...] = hparam(
        ("chunk", "pos"), "tasks to fine-tune on", choices=tuple(PROBES)
    )
    num_trials: int = hparam(3, "fine-tuning runs of a task", at_least=1)
    seed: int = hparam(42, "first seed of pre-training", at_least=0)
    finetuning_seed: int = hparam(
        43, "first seed of fine-tuning, the same for all models", at_least=1
    )
    pretraining: Mapping = hparam(
        {}, "settings of all models that differ from the study's own"
    )
    finetuning: Mapping = hparam({}, "likewise of fine-tuning")

    @property
    def budgets(self) -> tuple[float, ...]:
        """The numbers that `flops` has."""
        return tuple(map(float, self.flops))

    def check(self):
        """Raise a UserError if something to train on is missing."""
        for name in ("output_dir", "results_file", "report_dir"):
            files.check_local(getattr(self, name), name)
        try:
            good = min(self.budgets) > 0
        except ValueError:
            good = False
        if not good:
            raise UserError(
                f"flops must be numbers above 0. Received: {self.flops}."
            )
        for name in ("models", "tasks", "budgets"):
            values = getattr(self, name)
            if len({*values}) < len(values):  # They would count twice.
                raise UserError(
                    f"{name} must not repeat any. Received: {values}."
                )
        if self.report_only:
            return
        needed = {"corpus_dir": self.corpus_dir}
        if any(PROBES[task].folder for task in self.tasks):
            needed["glue_dir"] = self.glue_dir
        if {"chunk", "pos"} & set(self.tasks):
            needed["chunking_dir"] = self.chunking_dir
        for name, folder in needed.items():
            if folder is None or not os.path.isdir(folder):
                raise UserError(
                    f"{name} must be a folder, unless report_only is set. "
                    f"Received: {folder!r}."
                )
