"""The first steps of a user: install, pre-train, fine-tune, predict, export."""

import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

UV = (sys.executable, "-m", "uv")
WORDS = (
    *("the", "cat", "sat", "on", "a", "mat", "and"),
    *("saw", "no", "dog", "but", "two", "red", "birds"),
)
TINY = (
    "--max_seq_length=16",
    "--embedding_size=8",
    '--model_hparam_overrides={"hidden_size": 8, "num_hidden_layers": 1,'
    ' "num_attention_heads": 2, "intermediate_size": 16}',
)


def take(wheel: pathlib.Path, folder: pathlib.Path, version: str, lowest: bool):
    """Install a wheel into an empty environment and go all the way.

    Args:
        wheel: the file.
        folder: an empty folder to do it in.
        version: of Python, such as "3.12"; skipped where uv finds none.
        lowest: bool, whether to install the lowest versions that are allowed
            of what the wheel asks for.
    """
    environment = folder / "environment"
    subprocess.run(
        [*UV, "venv", "-q", "--python", interpreter(version), environment],
        check=True,
    )
    resolution = "lowest-direct" if lowest else "highest"
    subprocess.run(
        [
            *(*UV, "pip", "install", "-q", "--python", environment),
            *("--resolution", resolution, str(wheel)),
        ],
        check=True,
    )
    run = Programs(environment / "bin", folder)
    write_texts(folder)
    run("electra-build-vocab", "--corpus_dir=text", "--output_file=vocab.txt",
        "--vocab_size=64")  # fmt: skip
    run("electra-build-dataset", "--corpus_dir=text", "--vocab_file=vocab.txt",
        "--output_dir=pretrain_tfrecords", "--max_seq_length=16")  # fmt: skip
    run("electra-inspect", "pretrain_tfrecords", "--vocab_file=vocab.txt")
    tokens = len((folder / "vocab.txt").read_text().splitlines())
    here = ("--data_dir=.", "--model_name=m", f"--vocab_size={tokens}")
    run("electra-pretrain", *here, *TINY, "--num_train_steps=4",
        "--train_batch_size=4", "--iterations_per_loop=2")  # fmt: skip
    run("electra-finetune", *here, "--task=classification",
        "--train_file=train.tsv", "--dev_file=train.tsv", "--text_column=text",
        "--label_column=label", "--max_seq_length=16",
        "--num_train_epochs=1", "--train_batch_size=8")  # fmt: skip
    tuned = "models/m/tuned_models/classification"
    run("electra-predict", "--model_folder", tuned, "--input", "lines.txt",
        "--output", "answers.jsonl")  # fmt: skip
    answers = (folder / "answers.jsonl").read_text().splitlines()
    assert len(answers) == 3 and "label" in json.loads(answers[0])
    run("electra-export", "--model_folder", tuned, "--to", "served",
        "--format", "saved_model")  # fmt: skip
    assert (folder / "served" / "ids_only" / "saved_model.pb").exists()
    run("electra-convert", "--from", "models/m", "--to", "hf",
        "--format", "hugging_face")  # fmt: skip
    assert (folder / "hf" / "model.safetensors").exists()


def interpreter(version: str) -> str:
    """Return a Python of a version, pyenv's too; skips the test without one."""
    pyenv = os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv"
    builds = pathlib.Path(pyenv).glob(f"versions/{version}.*/bin/python")
    for python in (*map(str, builds), f"python{version}"):
        try:
            subprocess.run([python, "-c", ""], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip(f"There is no Python {version} on this machine.")


class Programs:
    """Runs the programs of an environment in a folder."""

    def __init__(self, programs: pathlib.Path, folder: pathlib.Path):
        self.programs = programs
        self.folder = folder

    def __call__(self, name: str, *arguments: str):
        """Run one; its output is shown where it fails."""
        kept = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        environment = {k: v for k, v in os.environ.items() if k not in kept}
        done = subprocess.run(
            [self.programs / name, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"


def write_texts(folder: pathlib.Path):
    """Write a corpus, a table of labelled sentences, and lines to answer."""
    draw = random.Random(1)

    def sentence():
        return " ".join(draw.choices(WORDS, k=draw.randrange(4, 9)))

    (folder / "text").mkdir()
    text = "\n".join(sentence() for _ in range(300))
    (folder / "text" / "a.txt").write_text(text)
    rows = [f"{sentence()}\t{draw.choice('ab')}" for _ in range(40)]
    (folder / "train.tsv").write_text("text\tlabel\n" + "\n".join(rows) + "\n")
    (folder / "lines.txt").write_text("".join(f"{w} cat\n" for w in "aba"))
