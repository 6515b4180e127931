"""Model folders: weights, config and vocabulary, and nothing else.

    model.safetensors  every variable under the original's name
    config.json        what the model is made of
    vocab.txt          word pieces, one a line

safetensors because it holds arrays and no code, maps into memory and is read
by every framework. Fine-tuning takes the first settings of config.json over,
so that a model folder is an --init_checkpoint.
"""

import dataclasses
import json
import os
from typing import Any

import safetensors.numpy

from electra_tf.configs import EncoderConfig, hparams
from electra_tf.conversion.model import (
    Model,
    ModelConfig,
    make,
    shapes_of,
    with_parts,
    without,
)
from electra_tf.errors import UserError

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
VOCAB_FILE = "vocab.txt"
FORMAT = "electra_tf model folder"
VERSION = 1


def is_model_folder(path: str) -> bool:
    """Say whether a path is a folder that `write` made."""
    return read_json(os.path.join(path, CONFIG_FILE)).get("format") == FORMAT


def write(path: str, model: Model) -> None:
    """Write a model folder.

    Args:
        path: str, a folder that is made, or empty.
        model: `Model`; the optimizer's slots are not kept.

    Raises:
        ValueError: when the model has no vocabulary.
        FileExistsError: when something is there.
    """
    make_folder(path)
    write_vocab(path, model)
    write_json(os.path.join(path, CONFIG_FILE), to_json(model.config))
    safetensors.numpy.save_file(
        model.variables, os.path.join(path, WEIGHTS_FILE)
    )


def read(path: str, leave_out: tuple[str, ...] = ()) -> Model:
    """Read a model folder.

    Args:
        path: str, the folder.
        leave_out: names of parts that are not wanted.

    Returns:
        `Model` without slots.

    Raises:
        FileNotFoundError: naming what the folder lacks.
        ValueError: when config and weights do not fit each other.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE, VOCAB_FILE):
        if not os.path.exists(os.path.join(path, name)):
            raise FileNotFoundError(
                f"{path} is no model folder: it has no {name}. "
                "`python -m electra_tf.conversion.convert` makes one."
            )
    config = from_json(read_json(os.path.join(path, CONFIG_FILE)), path)
    variables = read_weights(os.path.join(path, WEIGHTS_FILE))
    if leave_out:
        variables = without(variables, leave_out)
        config = with_parts(path, config, shapes_of(variables), config.step)
    vocab = read_vocab(os.path.join(path, VOCAB_FILE))
    return make(path, config, variables, vocab)


def to_json(config: ModelConfig) -> dict[str, Any]:
    """Return the content of config.json."""
    rest = dataclasses.asdict(config)
    return {
        **config.settings,
        "format": FORMAT,
        "format_version": VERSION,
        **{name: rest[name] for name in rest if name not in config.settings},
    }


def from_json(values: dict[str, Any], source: str) -> ModelConfig:
    """Return the config that `to_json` wrote.

    Raises:
        ValueError: for another format or a value that is missing.
    """
    if (values.get("format"), values.get("format_version")) != (
        FORMAT,
        VERSION,
    ):
        raise UserError(
            f"The {CONFIG_FILE} of {source} must have the format {FORMAT!r} "
            f"and format_version {VERSION}. Received: "
            f"{values.get('format')!r}, {values.get('format_version')!r}."
        )
    names = [field.name for field in dataclasses.fields(ModelConfig)]
    missing = [name for name in names if name not in values]
    if missing:
        raise UserError(
            f"The {CONFIG_FILE} of {source} lacks {', '.join(missing)}."
        )
    chosen = {name: values[name] for name in names}
    chosen["encoder"] = hparams.from_json(EncoderConfig, values["encoder"])
    if values["generator"] is not None:
        chosen["generator"] = hparams.from_json(
            EncoderConfig, values["generator"]
        )
    chosen["parts"] = tuple(values["parts"])
    chosen["tasks"] = {
        task: {layer: tuple(shape) for layer, shape in layers.items()}
        for task, layers in values["tasks"].items()
    }
    return ModelConfig(**chosen)


def make_folder(path: str) -> None:
    """Make a folder to write to.

    Raises:
        FileExistsError: when something is in it.
    """
    if os.path.exists(path) and (not os.path.isdir(path) or os.listdir(path)):
        raise FileExistsError(
            f"{path} is not empty. Give --to a folder that is not there yet."
        )
    os.makedirs(path, exist_ok=True)


def write_vocab(path: str, model: Model, name: str = VOCAB_FILE) -> None:
    """Write the vocabulary into a folder, by the name that it has there.

    Raises:
        ValueError: when the model has none.
    """
    if model.vocab is None:
        raise UserError(
            f"No vocabulary was found to write to {path}. Give the one that "
            "the model was trained with by --vocab_file."
        )
    with open(os.path.join(path, name), "wb") as file:
        file.write(model.vocab)


def read_vocab(path: str | None) -> bytes | None:
    """Return the content of a vocabulary file, None where there is none."""
    if path is None or not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def read_weights(path: str) -> dict:
    """Return the arrays of a safetensors file by name.

    Raises:
        ValueError: when it is none, or holds what NumPy has no type for.
    """
    try:
        return safetensors.numpy.load_file(path)
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} must be a safetensors file of float32 or float16 "
            f"numbers. Reading it failed: {error!r}."
        ) from error


def write_json(path: str, values: dict[str, Any]) -> None:
    """Write a JSON file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
        file.write("\n")


def read_json(path: str) -> dict[str, Any]:
    """Return a JSON file's object; an empty one where there is no file.

    Raises:
        ValueError: when the file holds something else.
    """
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        try:
            values = json.load(file)
        except ValueError as error:
            raise UserError(f"{path} is no JSON file: {error}.") from None
    if not isinstance(values, dict):
        raise UserError(
            f"{path} must hold a JSON object. Received: {values!r}."
        )
    return values
