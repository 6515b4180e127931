"""A small pre-training run, from text to checkpoint, by the real programs."""

import json
import pathlib
import random
import subprocess
import sys

import pytest

import run_pretraining

ROOT = pathlib.Path(__file__).parents[1]
NAMES = ("cat", "dog", "bird", "fish", "horse", "king", "queen", "child")
VERBS = ("sees", "likes", "finds", "follows", "helps", "hears", "feeds")
ENCODER = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 32,
}
SETTINGS = {
    "model_hparam_overrides": ENCODER,
    "embedding_size": 8,
    "max_seq_length": 32,
    "train_batch_size": 8,
    "eval_batch_size": 8,
    "num_eval_steps": 2,
    "num_train_steps": 6,
    "iterations_per_loop": 2,
    "save_checkpoints_steps": 2,
    "num_warmup_steps": 2,
}


def run(*arguments) -> str:
    """Run a program in a process of its own; return what it printed."""
    process = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return process.stderr


def prepare(folder, *flags):
    """Text, vocabulary and records, all by the real programs.

    Args:
        folder: where to.
        flags: of both programs.
    """
    corpus = folder / "corpus"
    corpus.mkdir()
    rng = random.Random(0)
    for number in range(4):
        lines = [
            f"The {rng.choice(NAMES)} {rng.choice(VERBS)} the "
            f"{rng.choice(NAMES)}."
            for _ in range(400)
        ]
        documents = ["\n".join(lines[i : i + 10]) for i in range(0, 400, 10)]
        (corpus / f"{number}.txt").write_text("\n\n".join(documents))
    run(
        *("-m", "data_prep.build_vocab", f"--corpus_dir={corpus}"),
        *(f"--output_file={folder / 'vocab.txt'}", "--vocab_size=256"),
        *flags,
    )
    run(
        *("-m", "data_prep.build_pretraining_dataset"),
        *(f"--corpus_dir={corpus}", f"--vocab_file={folder / 'vocab.txt'}"),
        *(f"--output_dir={folder / 'pretrain_tfrecords'}",),
        *("--max_seq_length=32", "--held_out_share=0.2"),
        *flags,
    )


def command_line(data_dir, name, *flags, **settings) -> list[str]:
    vocabulary = (data_dir / "vocab.txt").read_text().splitlines()
    hparams = {**SETTINGS, "vocab_size": len(vocabulary), **settings}
    return [
        "run_pretraining.py",
        f"--data-dir={data_dir}",
        f"--model-name={name}",
        f"--hparams={json.dumps(hparams)}",
        *flags,
    ]


def pretrain(data_dir, name, *flags, **settings):
    """Run the program in this process, which has TensorFlow loaded."""
    run_pretraining.main(command_line(data_dir, name, *flags, **settings))


def failure(data_dir, name, *flags, **settings) -> str:
    """Return the message the program exits with."""
    with pytest.raises(SystemExit) as error:
        pretrain(data_dir, name, *flags, **settings)
    return str(error.value)


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]
