"""What the programs read: vocabulary, records, and a folder for each task."""

import os
import pathlib

from benchmarks.study import programs
from benchmarks.study.config import StudyConfig
from benchmarks.study.probes import PROBES
from demo import text

HELD_OUT_SHARE = 0.01
VOCABULARY_MB = 30
TRAIN_DOCSTRINGS = 4000


def prepare(config: StudyConfig, settings: dict):
    """Make what is not there yet.

    Args:
        config: `StudyConfig`.
        settings: of pre-training; vocabulary and length are taken from it.
    """
    folder = pathlib.Path(config.output_dir)
    _link_tasks(config, folder / "finetuning_data")
    if not (folder / "vocab.txt").exists():
        programs.run(
            "-m",
            "data_prep.build_vocab",
            corpus_dir=config.corpus_dir,
            output_file=folder / "vocab.txt",
            vocab_size=settings["vocab_size"],
            max_mb=VOCABULARY_MB,
        )
    sentences = config.split_sentences
    programs.run(
        "-m",
        "data_prep.build_pretraining_dataset",
        corpus_dir=config.corpus_dir,
        vocab_file=folder / "vocab.txt",
        output_dir=folder / "pretrain_tfrecords",
        max_seq_length=settings["max_seq_length"],
        held_out_share=HELD_OUT_SHARE,
        num_processes=os.cpu_count(),
        **({"split_sentences": sentences} if sentences else {}),
    )


def _link_tasks(config: StudyConfig, folder: pathlib.Path):
    """Link each task's files; CoNLL-2000's test set is the one to score."""
    folder.mkdir(parents=True, exist_ok=True)
    for task in config.tasks:
        if task in ("chunk", "pos"):
            source = pathlib.Path(config.chunking_dir).resolve()
            (folder / task).mkdir(exist_ok=True)
            _link(folder / task / "train.txt", source / "train.txt")
            _link(folder / task / "dev.txt", source / "test.txt")
        elif task == "docstring":
            (folder / task).mkdir(exist_ok=True)
            if not (folder / task / "dev.tsv").exists():
                text.write_texts(folder / task, TRAIN_DOCSTRINGS)
        else:
            source = pathlib.Path(config.glue_dir, PROBES[task].folder)
            _link(folder / task, source.resolve())


def _link(path: pathlib.Path, target: pathlib.Path):
    if not target.exists():
        raise FileNotFoundError(f"The study needs {target}.")
    if path.is_symlink():
        path.unlink()
    path.symlink_to(target)
