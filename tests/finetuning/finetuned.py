"""Folders of fine-tuned models that were never trained, but say something."""

import functools
import json
import pathlib

import numpy as np

import electra_tf
from electra_tf.configs import encoder_config
from electra_tf.finetuning import finetuned_model, predict
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.tasks import task_table
from tests.finetuning import sentences

# What divides the texts of the tests into both labels.
BIASES = {"task_specific/sst/dense/bias": (-3.0, 0.0)}
LABELS = {"chunk": ("B-NP", "E-NP", "O", "S-NP")}


def write(folder: pathlib.Path, *names: str, **settings) -> str:
    """Write a model of some tasks, with random weights; return its folder."""
    vocab_file = sentences.vocab_file(folder)
    config = sentences.config(
        task_names=names, vocab_file=vocab_file, **settings
    )
    tasks = task_table.tasks(config)
    for task in tasks:
        if task.name in LABELS:
            task.labels = LABELS[task.name]
    network = FinetuningModel(encoder_config(config), tasks)
    draw = np.random.default_rng(0)
    # Matrices larger than at the start, so that answers differ.
    values = {
        path: np.float32(draw.normal(scale=0.5, size=variable.shape))
        if len(variable.shape) > 1
        else variable.numpy()
        for path, variable in network.variables.items()
    }
    for path in values.keys() & BIASES:
        values[path] = np.float32(BIASES[path])
    path = str(folder / "tuned")
    finetuned_model.write(path, config, tasks, values, step=7)
    return path


def said_of_tasks(folder: str, **values) -> str:
    """Let a folder say something else of its tasks; None for nothing."""
    path = pathlib.Path(folder, "tasks.json")
    content = json.loads(path.read_text())
    for task in content["tasks"]:
        task.update(values)
        for name in [n for n, value in values.items() if value is None]:
            del task[name]
    path.write_text(json.dumps(content))
    return folder


def said_of_settings(folder: str, **values) -> str:
    """Let a folder's tasks.json have more settings, or other values."""
    path = pathlib.Path(folder, "tasks.json")
    content = json.loads(path.read_text())
    content["settings"].update(values)
    path.write_text(json.dumps(content))
    return folder


loaded = functools.cache(electra_tf.load_predictor)


def run(folder: str, tmp_path, text, *flags, name="in.txt") -> list[dict]:
    source, sink = tmp_path / name, tmp_path / "out.jsonl"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    paths = [f"--input={source}", f"--output={sink}"]
    predict.main([f"--model_folder={folder}", *paths, *flags])
    return [json.loads(line) for line in sink.read_text().splitlines()]
