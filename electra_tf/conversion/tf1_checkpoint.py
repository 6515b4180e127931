"""The original's checkpoints, TensorFlow 1's: in and out.

Our names are theirs, so nothing is renamed. A folder of ours holds

    model.ckpt.index, model.ckpt.data-00000-of-00001, checkpoint
    config.json, vocab.txt     for us; the original does not read the first
"""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from electra_tf.conversion import model_folder
from electra_tf.conversion.model import (
    Model,
    infer,
    make,
    shapes_of,
    with_parts,
    without,
)
from electra_tf.errors import UserError
from electra_tf.training import checkpoints

PREFIX = "model.ckpt"
GLOBAL_STEP = "global_step"

# Variables of the released checkpoints that no part of the model has.
KNOWN_EXTRAS = {
    "generator_predictions/temperature": (
        "the sampling's temperature, which the released code has as a setting"
    ),
}


def read(
    path: str,
    vocab_file: str | None = None,
    num_attention_heads: int | None = None,
    do_lower_case: bool = True,
    leave_out: tuple[str, ...] = (),
) -> Model:
    """Read a checkpoint of the original.

    Args:
        path: str, a folder with a `checkpoint` file, or a prefix.
        vocab_file: str; by default vocab.txt in the same folder.
        num_attention_heads: int, where it is not hidden_size / 64, the
            released models'.
        do_lower_case: bool, whether the model's text is lower-cased.
        leave_out: names of variables, or what they begin with, to leave.

    Raises:
        FileNotFoundError: when there is no checkpoint.
        ValueError: for variables that are missing, too many or misshapen.
    """
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    variables = checkpoints.read_variables(path)
    extras = {n: why for n, why in KNOWN_EXTRAS.items() if n in variables}
    variables = without(variables, (*extras, *leave_out))
    state = checkpoints.read_training_state(path)
    shapes = shapes_of(variables)
    config = _saved_config(folder) or dataclasses.replace(
        infer(path, shapes, num_attention_heads), do_lower_case=do_lower_case
    )
    return make(
        path,
        with_parts(path, config, shapes, state.step),
        variables,
        model_folder.read_vocab(
            vocab_file or os.path.join(folder, model_folder.VOCAB_FILE)
        ),
        slots=state.slots,
        left_out={**extras, **dict.fromkeys(leave_out, "not wanted")},
    )


def write(path: str, model: Model, optimizer: bool = False) -> None:
    """Write a checkpoint that the original reads.

    Args:
        path: str, a folder that is made, or empty.
        model: `Model`.
        optimizer: bool, whether Adam's slots are written as well.

    Raises:
        ValueError: when slots are asked for and the model has none.
        FileExistsError: when something is there.
    """
    if optimizer and not model.slots:
        raise UserError(
            "The optimizer's state was asked for, but what was read has none. "
            "Leave --optimizer out, or convert a training checkpoint."
        )
    model_folder.make_folder(path)
    arrays = {**model.variables, **(model.slots if optimizer else {})}
    if model.config.step is not None:
        arrays[GLOBAL_STEP] = np.array(model.config.step, np.int64)
    names = sorted(arrays)
    prefix = os.path.join(path, PREFIX)
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(arrays[name]) for name in names],
    )
    tf.compat.v1.train.update_checkpoint_state(path, PREFIX, [PREFIX])
    _write_what_we_read(path, model)


def _write_what_we_read(path: str, model: Model):
    """Config and vocabulary, so that nothing must be guessed later."""
    model_folder.write_json(
        os.path.join(path, model_folder.CONFIG_FILE),
        model_folder.to_json(model.config),
    )
    if model.vocab is not None:
        model_folder.write_vocab(path, model)


def _saved_config(folder: str):
    values = model_folder.read_json(
        os.path.join(folder, model_folder.CONFIG_FILE)
    )
    if values.get("format") != model_folder.FORMAT:
        return None
    return model_folder.from_json(values, folder)
