"""Checkpoints that name every variable by its path.

`tf.train.Checkpoint(model=...)` silently loses layers that a Keras model
keeps in a list, so variables are given to it as a dictionary.
"""

import os
import typing

import numpy as np
import tensorflow as tf

from electra_tf.io import files, listing
from electra_tf.training import checkpoint_folder
from electra_tf.training.checkpoint_folder import readable

# How TensorFlow writes a dictionary's key into a variable's name.
_MODEL_PREFIX = "model/"
_SLOTS_PREFIX = "optimizer/"
_VALUE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
_STEP = "step" + _VALUE_SUFFIX
# TensorFlow 1's names for the same.
_TF1_SLOTS = ("/adam_m", "/adam_v")
_TF1_STEP = "global_step"


class TrainingState(typing.NamedTuple):
    """The contents of a checkpoint besides the model."""

    # Arrays by path, the optimizer's: `<variable>/adam_m`, `/adam_v`.
    slots: dict
    step: int | None  # The number of updates done, None where unknown.
    ours: bool  # Whether this program wrote the checkpoint.


def checkpoint(
    variables: dict, slots: dict, step, guard: dict | None = None
) -> tf.train.Checkpoint:
    """Return a checkpoint of a model and the state of its training.

    Args:
        variables: dict from path to `keras.Variable`.
        slots: dict from path to `tf.Variable`, the optimizer's state.
        step: `tf.Variable`, the number of updates done.
        guard: dict of `tf.Variable`s, a `NonFiniteGuard`'s.
    """
    return tf.train.Checkpoint(
        model={path: variable.value for path, variable in variables.items()},
        optimizer=slots,
        step=step,
        guard=guard or {},
    )


def resolve(path: str) -> str:
    """Return the checkpoint prefix that a folder or prefix means.

    Raises:
        FileNotFoundError: when there is no checkpoint.
    """
    found = checkpoint_folder.latest(path) or _only_one(path) or path
    if not files.exists(f"{found}.index"):
        raise FileNotFoundError(
            f"No checkpoint at {path}. Expected a folder written by "
            "pre-training, or the prefix of a checkpoint such as "
            f"{os.path.join(path, 'model.ckpt-1000')}."
        )
    return found


def _only_one(folder: str) -> str | None:
    """Return the prefix of a folder's checkpoint, if it has one of any name."""
    names = [n for n in listing.names_in(folder) if n.endswith(".index")]
    if len(names) != 1:
        return None
    return os.path.join(folder, names[0].removesuffix(".index"))


def read_variables(path: str) -> dict[str, np.ndarray]:
    """Read a model's variables by path, without the optimizer's state.

    Args:
        path: str, a checkpoint's folder or prefix, written by this program or
            with TensorFlow 1's names.
    """
    reader = tf.train.load_checkpoint(readable(resolve(path)))
    return _tensors(reader, _MODEL_PREFIX) or {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if not name.endswith(_TF1_SLOTS) and name != _TF1_STEP
    }


def read_training_state(path: str) -> TrainingState:
    """Read what `read_variables` leaves out of a checkpoint.

    Args:
        path: str, a checkpoint's folder or prefix, written by this program or
            with TensorFlow 1's names.
    """
    reader = tf.train.load_checkpoint(readable(resolve(path)))
    names = reader.get_variable_to_shape_map()
    ours = any(name.startswith(_MODEL_PREFIX) for name in names)
    slots = _tensors(reader, _SLOTS_PREFIX) or {
        name: reader.get_tensor(name)
        for name in names
        if name.endswith(_TF1_SLOTS) and not ours
    }
    step = _STEP if ours else _TF1_STEP
    known = int(reader.get_tensor(step)) if step in names else None
    return TrainingState(slots, known, ours)


def _tensors(reader, prefix: str) -> dict[str, np.ndarray]:
    """Read what this program wrote of the model or of the optimizer."""
    return {
        _unescaped(name, prefix): reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name.startswith(prefix)
    }


def _unescaped(name: str, prefix: str) -> str:
    """Turn model/a.Sb/.ATTRIBUTES/VARIABLE_VALUE into a/b."""
    key = name[len(prefix) : -len(_VALUE_SUFFIX)]
    return key.replace(".S", "/").replace("..", ".")
