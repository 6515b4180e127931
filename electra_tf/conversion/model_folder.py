"""Model folders: weights, config, vocabulary and a card.

    model.safetensors  every variable under the original's name
    config.json        the model's parts and their sizes
    vocab.txt          word pieces, one a line
    tasks.json         what the heads of a fine-tuned model predict
    README.md          a model card, to be completed

safetensors because it holds arrays and no code, maps into memory and is read
by every framework. Fine-tuning takes the first settings of config.json over,
so that a model folder is an --init_checkpoint.
"""

import dataclasses
import json
import os
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.numpy

from electra_tf.configs import MODEL_SIZES, EncoderConfig, hparams
from electra_tf.configs.tokenizer import IN_OLDER_FILES
from electra_tf.conversion import model_card
from electra_tf.conversion.model import (
    PARTS,
    Model,
    ModelConfig,
    make,
    shapes_of,
    with_parts,
    without,
)
from electra_tf.errors import UserError, shown
from electra_tf.io import files
from electra_tf.io.json_text import misspelt, parsed_json

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
VOCAB_FILE = "vocab.txt"
TASKS_FILE = "tasks.json"
FORMAT = "electra_tf model folder"
TASKS_FORMAT = "electra_tf fine-tuned tasks"
VERSION = 1
MOST_JSON = 1 << 26  # A vocabulary of 100,000 in tokenizer.json has 5 MB.
MOST_SAID = 300  # Characters of another library's message.
# Names of number formats that NumPy has; `make` says which of them do.
_FORMATS = ("F16", "BF16", "F32", "F64", *(f"I{8 << n}" for n in range(4)))
_NOT_SAFETENSORS = (
    safetensors.SafetensorError,
    AttributeError,  # Of a type that NumPy may once have.
    *(KeyError, TypeError, ValueError),
)


def is_model_folder(path: str) -> bool:
    """Return whether a path is a folder that `write` made."""
    return config_json(path).get("format") == FORMAT


def write(path: str, model: Model) -> Model:
    """Write a model folder; return the `Model` without the optimizer's slots.

    Raises:
        UserError: when the model has no vocabulary.
        FileExistsError: when something is in the folder.
    """
    make_folder(path)
    write_vocab(path, model)
    files.write_json(os.path.join(path, CONFIG_FILE), to_json(model.config))
    write_weights(path, model.variables)
    model_card.write(path, model, model_card.loading(model))
    # Last: without it the folder is no fine-tuned model.
    if model.tasks_json is not None:
        files.write_json(os.path.join(path, TASKS_FILE), model.tasks_json)
    return dataclasses.replace(model, slots={})


def read(path: str, leave_out: tuple[str, ...] = ()) -> Model:
    """Read a model folder, but the parts that are to be left out.

    Raises:
        FileNotFoundError: naming what the folder lacks.
        UserError: when config and weights do not fit each other.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE, VOCAB_FILE):
        if not os.path.exists(os.path.join(path, name)):
            raise FileNotFoundError(
                f"{path} is no model folder: it has no {name}. "
                "`python -m electra_tf.conversion.convert` makes one."
            )
    values = config_json(path)
    config = from_json(values, path)
    variables = read_weights(os.path.join(path, WEIGHTS_FILE))
    if leave_out:
        variables = without(variables, leave_out)
        config = with_parts(path, config, shapes_of(variables), config.step)
    vocab = read_vocab(os.path.join(path, VOCAB_FILE))
    told = misspelt(values, to_json(config), CONFIG_FILE)
    model = make(path, config, variables, vocab, left_out=told)
    return dataclasses.replace(model, tasks_json=_read_tasks(path, config))


def tasks_json(tasks: list[dict], settings: dict) -> dict[str, Any]:
    """Return the content of tasks.json."""
    return {
        "format": TASKS_FORMAT,
        "format_version": VERSION,
        "tasks": tasks,
        "settings": settings,
    }


def _read_tasks(path: str, config: ModelConfig) -> dict[str, Any] | None:
    """Return what a folder says of the tasks that its weights have."""
    values = read_json(os.path.join(path, TASKS_FILE))
    if values.get("format") != TASKS_FORMAT:
        return None
    check_tasks(values, path)
    known = [t for t in values["tasks"] if t["name"] in config.tasks]
    return {**values, "tasks": known} if known else None


def task_of(model: Model, name: str) -> dict[str, Any]:
    """Return what a model's tasks.json says of a task; {} for nothing."""
    tasks = (model.tasks_json or {}).get("tasks", ())
    return next((task for task in tasks if task["name"] == name), {})


def _is_list(value: Any, kind: type | types.UnionType) -> bool:
    return isinstance(value, list) and all(isinstance(v, kind) for v in value)


def _is_head(head: Any) -> bool:
    return (
        isinstance(head, dict)
        and isinstance(head.get("kind"), str)
        and type(head.get("size")) is int
        and head["size"] > 0
        and isinstance(head.get("options"), dict)
    )


# How tags become spans; the functions are in `tagging.tag_schemes`.
SPAN_RULES = ("released", "entities", "words")

# Fields that older folders may lack.
_MAY_LACK = {
    *("span_rule", "has_pairs", "lower_case_words", "has_null_answers"),
    *("splits_ideographs", "segment"),
}
# Whether a value of a task in tasks.json is a valid one.
_VALID_TASK = {
    "name": lambda name: isinstance(name, str) and name and "/" not in name,
    "head": _is_head,
    "labels": lambda value: value is None or _is_list(value, str),
    "scale": lambda value: (
        value is None or (_is_list(value, int | float) and len(value) == 2)
    ),
    "span_rule": lambda value: value in SPAN_RULES,
    "has_pairs": lambda value: value is None or isinstance(value, bool),
    **dict.fromkeys(
        ("lower_case_words", "has_null_answers", "splits_ideographs"),
        lambda value: isinstance(value, bool),
    ),
    "segment": lambda value: type(value) is int and value in (0, 1),
}


def check_tasks(values: Mapping[str, Any], path: str) -> None:
    """Check the types in a tasks.json.

    Raises:
        UserError: naming the field, and what is there.
    """
    file = os.path.join(path, TASKS_FILE)
    if values.get("format_version") != VERSION:
        raise UserError(
            f"{file} must have format_version {VERSION}. Received: "
            f"{shown(values.get('format_version'))}."
        )
    if not _is_list(values.get("tasks"), dict):
        raise UserError(
            f"tasks in {file} must be a list of objects. Received: "
            f"{shown(values.get('tasks'))}."
        )
    if not isinstance(values.get("settings"), dict):
        raise UserError(
            f"settings in {file} must be an object. Received: "
            f"{shown(values.get('settings'))}."
        )
    for task in values["tasks"]:
        for name, valid in _VALID_TASK.items():
            lacks = name in _MAY_LACK and name not in task
            if not lacks and not valid(task.get(name)):
                raise UserError(
                    f"{name} of a task in {file} must be as fine-tuning writes "
                    f"it. Received: {shown(task.get(name))}."
                )


def to_json(config: ModelConfig) -> dict[str, Any]:
    """Return the content of config.json."""
    rest = dataclasses.asdict(config)
    return {
        **config.settings,
        "format": FORMAT,
        "format_version": VERSION,
        **{name: rest[name] for name in rest if name not in config.settings},
    }


def _is_kernel(shape: Any) -> bool:
    is_list = isinstance(shape, list) and len(shape) == 2
    return is_list and all(type(size) is int and size > 0 for size in shape)


def _are_tasks(tasks: Any) -> bool:
    return isinstance(tasks, dict) and all(
        isinstance(layers, dict) and all(map(_is_kernel, layers.values()))
        for layers in tasks.values()
    )


# Whether a value of config.json is one that `to_json` writes.
_VALID = {
    "parts": lambda parts: (
        isinstance(parts, list)
        and all(isinstance(part, str) and part in PARTS for part in parts)
    ),
    "untied_generator_embeddings": lambda value: isinstance(value, bool),
    "tasks": _are_tasks,
    "do_lower_case": lambda value: isinstance(value, bool),
    "strip_accents": lambda value: value is None or isinstance(value, bool),
    "tokenize_chinese_chars": lambda value: isinstance(value, bool),
    "max_input_chars_per_word": lambda n: type(n) is int and n > 0,
    "model_size": lambda size: isinstance(size, str) and size in MODEL_SIZES,
    "step": lambda step: step is None or type(step) is int,
}


def from_json(values: dict[str, Any], source: str) -> ModelConfig:
    """Return the config of which `to_json` made values, after checks."""
    found = values.get("format"), values.get("format_version")
    if found != (FORMAT, VERSION):
        raise UserError(
            f"The {CONFIG_FILE} of {source} must have the format {FORMAT!r} "
            f"and format_version {VERSION}. Received: {shown(found[0])}, "
            f"{shown(found[1])}."
        )
    names = [field.name for field in dataclasses.fields(ModelConfig)]
    values = {**IN_OLDER_FILES, **values}
    missing = [name for name in names if name not in values]
    if missing:
        raise UserError(
            f"The {CONFIG_FILE} of {source} lacks {', '.join(missing)}."
        )
    wrong = [name for name, valid in _VALID.items() if not valid(values[name])]
    if wrong:
        raise UserError(
            f"The {CONFIG_FILE} of {source} must have the values that "
            f"`python -m electra_tf.conversion.convert` writes. Received: "
            + ", ".join(f"{name} {shown(values[name])}" for name in wrong)
        )
    chosen = {name: values[name] for name in names}
    for name in ("encoder", "generator"):
        if name == "encoder" or chosen[name] is not None:
            chosen[name] = read_config(EncoderConfig, chosen[name], source)
    chosen["parts"] = tuple(chosen["parts"])
    chosen["tasks"] = {
        task: {layer: tuple(shape) for layer, shape in layers.items()}
        for task, layers in chosen["tasks"].items()
    }
    return ModelConfig(**chosen)


def read_config(kind: type, values: Any, source: str):
    """Return a config of the values in a folder's config.json.

    Raises:
        UserError: for unknown, missing or wrong values.
    """
    try:
        return hparams.from_json(kind, values)
    except (OverflowError, TypeError, UserError) as error:
        raise UserError(
            f"The {CONFIG_FILE} of {source} holds no {kind.__name__}: {error}"
        ) from error


def check_fixed(
    what: str, values: Mapping[str, Any], fixed: Mapping[str, Any]
) -> None:
    """Refuse values of settings that we compute with others.

    >>> check_fixed("model of F", {"act": "relu"}, {"act": "gelu"})
    Traceback (most recent call last):
    electra_tf.errors.UserError: The model of F is not one of ours: act must \
be 'gelu'. Received: 'relu'.
    """
    wrong = [
        f"{name} must be {value!r}. Received: {shown(values[name])}."
        for name, value in fixed.items()
        if values.get(name, value) != value
    ]
    if wrong:
        raise UserError(f"The {what} is not one of ours: {' '.join(wrong)}")


def make_folder(path: str) -> None:
    """Make a folder to write to; there must be nothing in it."""
    if os.path.exists(path) and (not os.path.isdir(path) or os.listdir(path)):
        raise FileExistsError(
            f"{path} is not empty. Give --to a folder that is not there yet."
        )
    os.makedirs(path, exist_ok=True)


def write_vocab(path: str, model: Model, name: str = VOCAB_FILE) -> None:
    """Write the vocabulary into a folder; a model must have one."""
    if model.vocab is None:
        raise UserError(
            f"No vocabulary was found to write to {path}. Give the one that "
            "the model was trained with by --vocab_file."
        )
    files.write(os.path.join(path, name), model.vocab)


def read_vocab(path: str | None) -> bytes | None:
    """Return the content of a vocabulary file, None where there is none."""
    if path is None or not files.exists(path):
        return None
    return files.read(path)


def write_weights(
    path: str, arrays: dict[str, np.ndarray], **metadata: str
) -> None:
    """Write arrays as a folder's safetensors file."""
    with files.writing(os.path.join(path, WEIGHTS_FILE)) as unfinished:
        safetensors.numpy.save_file(arrays, unfinished, metadata or None)


def read_weights(path: str) -> dict[str, np.ndarray]:
    """Return the arrays of a safetensors file by name."""
    try:
        return safetensors.numpy.load_file(path)
    except _NOT_SAFETENSORS as error:
        why = f"Reading it failed: {repr(error)[:MOST_SAID]}."
        raise UserError(
            f"{path} must be a safetensors file of float32, float16 or "
            f"bfloat16 numbers. {_wrong_formats(path) or why}"
        ) from error


def _wrong_formats(path: str) -> str:
    """Say which arrays of a safetensors file have no format of ours."""
    content = files.read(path)
    size = int.from_bytes(content[:8], "little")  # Of the header, from 8 on.
    try:
        header = json.loads(content[8 : 8 + size])
        found = {n: v["dtype"] for n, v in header.items() if n[:2] != "__"}
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return ""
    wrong = {n: kind for n, kind in found.items() if kind not in _FORMATS}
    return f"Received: {shown(wrong)}." if wrong else ""


def config_json(folder: str) -> dict[str, Any]:
    """Return what `read_json` does of a folder's config.json."""
    return read_json(os.path.join(folder, CONFIG_FILE))


def read_json(path: str) -> dict[str, Any]:
    """Return a JSON file's object; an empty one where there is no file.

    Raises:
        UserError: when the file holds something else.
    """
    if not (files.is_remote(path) or os.path.isfile(path)):
        return {}
    size = files.size(path)
    if size is None:
        return {}
    if size > MOST_JSON:
        raise UserError(
            f"{path} must have {MOST_JSON:,} bytes at most. Received: {size:,}."
        )
    try:
        values = parsed_json(files.read(path))
    except UserError as error:
        raise UserError(f"{path}: {error}.") from None
    if not isinstance(values, dict):
        raise UserError(
            f"{path} must hold a JSON object. Received: {shown(values)}."
        )
    return values
