"""Runs of run_finetuning.py in this process, with a tiny model from scratch."""

import json
import pathlib

import run_finetuning
from tests.finetuning import sentences


def flags(folder: pathlib.Path, layers: int = 1, **changes) -> list[str]:
    """A command line that learns tiny data by heart."""
    sentences.vocab_file(folder)
    shape = {"hidden_size": 16, "num_hidden_layers": layers}
    settings = {
        "data_dir": folder,
        "model_name": "tiny",
        "from_scratch": "true",
        "vocab_size": sentences.VOCAB_SIZE,
        "embedding_size": 8,
        "max_seq_length": 16,
        "model_hparam_overrides": json.dumps(shape),
        "num_train_epochs": 30,
        "learning_rate": 5e-3,
        "train_batch_size": 16,
        **changes,
    }
    return [f"--{name}={value}" for name, value in settings.items()]


def run(folder: pathlib.Path, *arguments: str, **changes) -> dict:
    """Run the program; return the metrics of its only trial."""
    command = ["run_finetuning.py", *flags(folder, **changes), *arguments]
    run_finetuning.main(command)
    (path,) = (folder / "models/tiny/results").glob("*_results.json")
    (trial,) = json.loads(path.read_text())["trials"]
    assert trial["failure"] == ""
    return trial["metrics"]


def predictions(folder: pathlib.Path, name: str) -> str:
    """Return a file of the predictions for a test set."""
    return (folder / "models/tiny/test_predictions" / name).read_text()
