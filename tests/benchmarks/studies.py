"""A study so small that it takes seconds."""

import json
import random

import run_pretraining
from benchmarks.study import budget, plan, programs, trials
from benchmarks.study.config import StudyConfig
from data_prep import build_pretraining_dataset, build_vocab
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.configs import from_flags

PARTS = [a + b for a in "bdklm" for b in ("an", "er", "is", "ot", "uv")]
# Enough of them for a vocabulary of 256.
WORDS = [a + b for a in PARTS for b in PARTS]
TAGS = {"b": "B-NP", "d": "B-VP", "k": "O"}
SETTINGS = {
    "vocab_size": 256,
    "embedding_size": 8,
    "model_hparam_overrides": {
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 16,
    },
    "max_seq_length": 16,
    "train_batch_size": 4,
    "eval_batch_size": 2,
    "num_eval_steps": 1,
    "num_warmup_steps": 2,
}


def config(folder, **changes) -> StudyConfig:
    """A study of text and a task that are made in the folder."""
    _write_text(folder / "text")
    _write_chunking(folder / "chunking")
    settings = {
        "output_dir": folder / "study",
        "corpus_dir": folder / "text",
        "chunking_dir": folder / "chunking",
        "tasks": ("chunk",),
        "models": ("scratch", "rtd"),
        "flops": ["4e7"],
        "num_trials": 1,
        "pretraining": SETTINGS,
        "finetuning": {"max_seq_length": 16, "num_train_epochs": 1},
    }
    return StudyConfig(**{**settings, **changes})


def _sentence(rng: random.Random) -> list[str]:
    return rng.choices(WORDS, k=rng.randint(4, 8))


def _write_text(folder):
    folder.mkdir(exist_ok=True)
    rng = random.Random(0)
    # So many documents that a hundredth of them is some.
    lines = [" ".join(_sentence(rng)) + "." for _ in range(2400)]
    lines[::6] = [""] * len(lines[::6])
    (folder / "text.txt").write_text("\n".join(lines))


def _write_chunking(folder):
    folder.mkdir(exist_ok=True)
    rng = random.Random(1)
    for split, number in {"train": 64, "test": 8}.items():
        sentences = [
            "".join(f"{w} X {TAGS.get(w[0], 'O')}\n" for w in _sentence(rng))
            for _ in range(number)
        ]
        (folder / f"{split}.txt").write_text("\n".join(sentences))


def run_here(*words, stdin=None, **settings):
    """Do what `programs.run` does in this process, TensorFlow being there."""
    arguments = [words[-1], *programs.flags(settings)]
    if words[0] == "run_pretraining.py":
        run_pretraining.main(arguments)
    elif words[-1] == "data_prep.build_vocab":
        build_vocab.main(from_flags.read(build_vocab.VocabConfig, arguments))
    elif words[-1] == "data_prep.build_pretraining_dataset":
        build_pretraining_dataset.main(
            from_flags.read(PretrainingDatasetConfig, arguments)
        )
    else:
        for trial in json.loads(stdin):
            trials.run(**trial)


def trial_row(trial: plan.Finetuning, **metrics) -> dict:
    return {
        "kind": "trial",
        **trial.key._asdict(),
        "metrics": metrics,
        "failure": "",
    }


def model_row(training: plan.Training) -> dict:
    row = {"kind": "model", "id": training.id, "model": training.name}
    if training.is_random:
        return row
    origin = {
        "source": {"commit": "0123456789"},
        "devices": ["/device:CPU:0"],
        "records": "abcdefghijkl",
    }
    return row | origin | budget.cost(training.settings, training.steps)
