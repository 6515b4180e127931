"""Small runs with random weights, as pre-training and fine-tuning save them."""

import json
import pathlib

import numpy as np
import tensorflow as tf

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
    hparams,
)
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.tasks import task_table
from electra_tf.pretraining.masking import SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.text.vocabulary import SPECIAL_TOKENS
from electra_tf.training import checkpoints
from electra_tf.training.checkpoint_folder import CheckpointFolder
from electra_tf.training.optimizer import AdamW

VOCAB_SIZE = 40
STEP = 7
# What keeps tokens apart through 24 layers (see `random_values`).
DEEP = {"gain": 0.5, "spread": 0.05}
TINY = {
    "model_hparam_overrides": {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 24,
        "max_position_embeddings": 12,
    },
    "embedding_size": 8,
    "vocab_size": VOCAB_SIZE,
    "max_seq_length": 12,
}


def settings(folder: pathlib.Path, **changes) -> dict:
    """Settings of a run, whose vocabulary file is made."""
    words = [f"w{n}" for n in range(VOCAB_SIZE - len(SPECIAL_TOKENS))]
    vocab = folder / "words.txt"
    vocab.write_text("\n".join([*SPECIAL_TOKENS, *words]) + "\n")
    names = {"data_dir": folder, "model_name": "m", "vocab_file": vocab}
    return {**names, **TINY, **changes}


def pretrained(
    folder: pathlib.Path, **changes
) -> tuple[PretrainingConfig, Pretrainer]:
    """A pre-trained model with random weights."""
    config = PretrainingConfig(**settings(folder, **changes))
    model = Pretrainer(config, SpecialTokens(2, 3, 4))
    fill(model)
    return config, model


def finetuned(
    folder: pathlib.Path, tasks=("sst", "sts"), **changes
) -> tuple[FinetuningConfig, FinetuningModel]:
    """A fine-tuned model with random weights."""
    config = FinetuningConfig(**settings(folder, task_names=tasks, **changes))
    model = FinetuningModel(encoder_config(config), task_table.tasks(config))
    fill(model)
    return config, model


def fill(model, seed: int = 0):
    """Give every variable random values, none of them 0."""
    shapes = {path: tuple(v.shape) for path, v in model.variables.items()}
    for path, values in random_values(shapes, seed).items():
        model.variables[path].assign(values)


def random_values(
    shapes: dict, seed: int = 0, gain: float = 1.0, spread: float = 0.2
) -> dict[str, np.ndarray]:
    """Random values for variables of given shapes, none of them 0.

    Args:
        shapes: shapes by name.
        seed: int.
        gain: what a kernel does to the size of its inputs.
        spread: standard deviation of everything else. Large biases make the
            tokens of deep models alike.
    """
    generator = np.random.default_rng(seed)
    arrays = {}
    for path, shape in shapes.items():
        wide = path.endswith("kernel")
        scale = gain * shape[0] ** -0.5 if wide else spread
        values = scale * generator.normal(size=shape) + path.endswith("gamma")
        arrays[path] = values.astype(np.float32)
    return arrays


def save(folder: pathlib.Path, config, model) -> str:
    """Write what a run leaves behind; return its folder."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(hparams.to_json(config)))
    adamw = AdamW(model.variables, lambda step: 0.0)
    generator = np.random.default_rng(1)
    for slot in adamw.slots.values():
        slot.assign(generator.normal(size=slot.shape))
    step = tf.Variable(STEP, dtype=tf.int64)
    saved = checkpoints.checkpoint(model.variables, adamw.slots, step)
    CheckpointFolder(saved, str(folder)).save(STEP)
    return str(folder)


def arrays(model) -> dict[str, np.ndarray]:
    """The model's variables as arrays."""
    return {path: v.numpy() for path, v in model.variables.items()}


def assert_same(expected: dict, received: dict):
    """Same names, bit-identical arrays."""
    assert set(expected) == set(received)
    for name, array in expected.items():
        assert received[name].dtype == array.dtype, name
        np.testing.assert_array_equal(received[name], array, name)
