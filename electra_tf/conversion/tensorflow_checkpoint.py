"""Checkpoints of TensorFlow as models: our runs in, the original's in and out.

Our names are the original's, so nothing is renamed. A run is a folder of
checkpoints and the config that it wrote beside them. For the original, whose
checkpoints are TensorFlow 1's, we write

    model.ckpt.index, model.ckpt.data-00000-of-00001, checkpoint
    config.json, vocab.txt     for us; the original does not read the first
"""

import contextlib
import dataclasses
import hashlib
import math
import os
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from absl import logging

from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
)
from electra_tf.conversion import model_folder
from electra_tf.conversion.model import (
    GENERATOR,
    MAIN,
    TOWERS,
    Model,
    ModelConfig,
    infer,
    make,
    shapes_of,
    with_parts,
    without,
)
from electra_tf.errors import UserError
from electra_tf.io import files
from electra_tf.training import checkpoints, run_folder

PREFIX = "model.ckpt"
GLOBAL_STEP = "global_step"
# Raised by TensorFlow for what it cannot read.
READ_ERRORS = (IndexError, RuntimeError, ValueError, tf.errors.OpError)
# The end of a variable that is added to another network's.
DIFFERENCE = "_difference"

# Variables of the released checkpoints that no part of the model has.
KNOWN_EXTRAS = {
    "generator_predictions/temperature": (
        "the sampling's temperature, which the released code has as a setting"
    )
}


@contextlib.contextmanager
def damage_explained(path: str) -> Iterator[None]:
    """Turn TensorFlow's errors for a damaged checkpoint into a `UserError`."""
    try:
        yield
    except UserError:
        raise
    except READ_ERRORS as error:
        raise UserError(
            f"The checkpoint at {path} is damaged or not whole. Reading it "
            f"failed: {getattr(error, 'message', error)}"
        ) from error


def is_run(path: str) -> bool:
    """Return whether a checkpoint is of a run of ours, or TensorFlow 1's."""
    return _training_state(path).ours


def read_run(
    path: str, vocab_file: str | None = None, leave_out: tuple[str, ...] = ()
) -> Model:
    """Read the newest weights of a pre-training or fine-tuning run.

    Args:
        path: the run's folder, or the prefix of one of its checkpoints.
        vocab_file: by default where the run's config says.
        leave_out: names of parts that are not wanted.
    """
    settings = _run_config(path)
    if getattr(settings, "objective", None) == "two_tower":
        raise UserError(
            f"{path} has two towers and no main encoder: objective "
            "'two_tower'. It scores texts (electra_tf.pretraining.score) and "
            "goes on by its own command; expected a run with an encoder."
        )
    own = getattr(settings, "has_small_generator", False)
    config = ModelConfig(
        encoder_config(settings),
        generator=generator_config(settings) if own else None,
        **settings.tokenizer_settings,
        model_size=settings.model_size,
    )
    variables = without(with_sums(path, _variables(path)), leave_out)
    state = _training_state(path)
    config = with_parts(path, config, shapes_of(variables), state.step)
    vocab = model_folder.read_vocab(vocab_file or settings.vocab_file)
    if vocab is not None and vocab_file is None:
        folder = os.path.dirname(_beside(path, model_folder.CONFIG_FILE))
        run_folder.check_vocabulary(folder, hashlib.sha256(vocab).hexdigest())
    return make(path, config, variables, vocab, slots=state.slots)


def read_tf1(
    path: str,
    vocab_file: str | None = None,
    num_attention_heads: int | None = None,
    do_lower_case: bool = True,
    strip_accents: bool | None = None,
    tokenize_chinese_chars: bool = True,
    max_input_chars_per_word: int = 200,
    leave_out: tuple[str, ...] = (),
) -> Model:
    """Read a checkpoint of the original.

    Args:
        path: a folder with a `checkpoint` file, or a prefix.
        vocab_file: by default vocab.txt in the same folder.
        num_attention_heads: where it is not hidden_size / 64, the released
            models'.
        do_lower_case: whether the model's text is lower-cased.
        strip_accents: whether its accents are removed; None is as
            do_lower_case.
        tokenize_chinese_chars: whether each Chinese character is a word.
        max_input_chars_per_word: the longest word that is cut into pieces.
        leave_out: names of variables, or of scopes above them.
    """
    variables = _variables(path)
    extras = {n: why for n, why in KNOWN_EXTRAS.items() if n in variables}
    variables = without(variables, (*extras, *leave_out))
    state, shapes = _training_state(path), shapes_of(variables)
    written = _written_config(path)
    config = written or dataclasses.replace(
        infer(path, shapes, num_attention_heads),
        do_lower_case=do_lower_case,
        strip_accents=strip_accents,
        tokenize_chinese_chars=tokenize_chinese_chars,
        max_input_chars_per_word=max_input_chars_per_word,
    )
    if not (written or num_attention_heads):
        logging.warning(
            f"{path} does not say how many attention heads it has. Taken: "
            f"{config.encoder.num_attention_heads}, one for 64 units as in the "
            "released models."
        )
    return make(
        path,
        with_parts(path, config, shapes, state.step),
        variables,
        model_folder.read_vocab(
            vocab_file or _beside(path, model_folder.VOCAB_FILE)
        ),
        slots=state.slots,
        left_out={**extras, **dict.fromkeys(leave_out, "not wanted")},
    )


def write_tf1(path: str, model: Model, optimizer: bool = False) -> Model:
    """Write a checkpoint that the original reads; return the `Model` there.

    Args:
        path: a folder that is made, or empty.
        model: `Model`.
        optimizer: whether Adam's slots are written as well.

    Raises:
        UserError: when slots are asked for and the model has none.
    """
    if optimizer and not model.slots:
        raise UserError(
            "The optimizer's state was asked for, but what was read has none. "
            "Leave --optimizer out, or convert a training checkpoint."
        )
    model_folder.make_folder(path)
    slots = model.slots if optimizer else {}
    arrays = {**model.variables, **slots}
    if model.config.step is not None:
        arrays[GLOBAL_STEP] = np.array(model.config.step, np.int64)
    names = sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=os.path.join(path, PREFIX),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(arrays[name]) for name in names],
    )
    tf.compat.v1.train.update_checkpoint_state(path, PREFIX, [PREFIX])
    # Config and vocabulary, so that nothing must be guessed later.
    files.write_json(
        os.path.join(path, model_folder.CONFIG_FILE),
        model_folder.to_json(model.config),
    )
    if model.vocab is not None:
        model_folder.write_vocab(path, model)
    return dataclasses.replace(model, slots=slots)


def with_sums(path: str, variables: dict) -> dict:
    """Return variables with the embeddings that differences stand for.

    The main encoder's tables of a run with `weight_sharing` "disentangled"
    are the generator's plus a difference; elsewhere they are tables.
    """
    sums = dict(variables)
    for name in variables:
        table = name.removesuffix(DIFFERENCE)
        if table == name or not table.startswith(f"{MAIN}/embeddings/"):
            continue
        sources = [
            other
            for other in variables
            if other.startswith((GENERATOR, *TOWERS))
            and other.endswith(table.removeprefix(MAIN))
        ]
        if len(sources) != 1:
            raise UserError(
                f"{path} must have one table that {name} is added to. "
                f"Received: {', '.join(sources) or 'none'}."
            )
        sums[table] = variables[sources[0]] + sums.pop(name)
    return sums


def _variables(path: str) -> dict[str, np.ndarray]:
    with damage_explained(path):
        _check_size(checkpoints.resolve(path))
        return checkpoints.read_variables(path)


def _check_size(prefix: str) -> None:
    """Check that a checkpoint's tensors are no larger than its files."""
    reader = tf.train.load_checkpoint(prefix)
    types = reader.get_variable_to_dtype_map()
    promised = sum(
        math.prod(shape) * types[name].size
        for name, shape in reader.get_variable_to_shape_map().items()
        if types[name] != tf.string
    )
    names = tf.io.gfile.glob(f"{prefix}.data-*")
    there = sum(files.size(name) or 0 for name in names)
    if promised > there:
        raise UserError(
            f"The index of the checkpoint at {prefix} tells of {promised:,} "
            f"bytes. Its data files have {there:,}."
        )


def _training_state(path: str) -> checkpoints.TrainingState:
    with damage_explained(path):
        return checkpoints.read_training_state(path)


def _beside(path: str, name: str) -> str:
    """Return the path of a file beside a checkpoint, or in its folder."""
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    return os.path.join(folder, name)


def _run_config(path: str) -> PretrainingConfig | FinetuningConfig:
    """Return the config that a run wrote beside its checkpoints."""
    file = _beside(path, model_folder.CONFIG_FILE)
    values = model_folder.read_json(file)
    if not values:
        raise FileNotFoundError(
            f"No {file}. Expected the config that the run wrote there; without "
            "it nothing tells what its weights are."
        )
    finetuned = "task_names" in values
    kind = FinetuningConfig if finetuned else PretrainingConfig
    return model_folder.read_config(kind, values, path)


def _written_config(path: str) -> ModelConfig | None:
    """Return the config that `write_tf1` wrote beside a checkpoint."""
    values = model_folder.read_json(_beside(path, model_folder.CONFIG_FILE))
    if values.get("format") != model_folder.FORMAT:
        return None
    return model_folder.from_json(values, path)
