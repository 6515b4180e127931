"""Configs of runs and recipes, read without making flags."""

import dataclasses
import json
import os
import pathlib

from electra_tf.configs import FinetuningConfig, PretrainingConfig, from_json
from electra_tf.configs.from_flags import PRESETS
from electra_tf.configs.hparams import kinds, readable_fields
from electra_tf.errors import UserError
from electra_tf.io import files, listing

REQUIRED = {"data_dir": "-", "model_name": "-"}
_INCLUDED = ("flagfile", "preset")


def preset(name: str, task: str | None = None):
    """Return the config of a recipe, a file in `PRESETS`; see `read`."""
    return read(_preset_path(name), task)


def _preset_path(name: str) -> pathlib.Path:
    known = sorted(path.stem for path in PRESETS.glob("*.flags"))
    if name not in known:
        raise UserError(
            f"preset must be one of {', '.join(known)}. Received: {name!r}."
        )
    return PRESETS / f"{name}.flags"


def read(path, task: str | None = None) -> PretrainingConfig | FinetuningConfig:
    """Read a run's `config.json`, the folder it is in, or a flag file.

    `task` is what to fine-tune for; without it, what the file names.

    Raises:
        UserError: it is no config of pre-training, nor of fine-tuning.
    """
    path = os.fspath(path)
    if listing.is_folder(path):
        path = os.path.join(path, "config.json")
    try:
        values = _values(path)
        config_class = FinetuningConfig if task else _config_class(values)
        for field in dataclasses.fields(config_class):
            value = values.get(field.name)
            if tuple in kinds(field) and isinstance(value, str):
                values[field.name] = value.split(",")  # Such as `cola,mrpc`.
        if task:
            values["task_names"] = (task,)
        return from_json(config_class, {**REQUIRED, **values})
    except (OverflowError, RecursionError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is no config of pre-training or fine-tuning: {error}"
        ) from error


def _values(path: str) -> dict:
    text = files.read(path).decode("utf-8")
    values = json.loads(text) if path.endswith(".json") else _flags(text)
    if not isinstance(values, dict):
        raise UserError(f"Expected a JSON object. Received: {values!r}.")
    return values


def _config_class(values: dict) -> type:
    """Return the class that has all these fields; pre-training if both do."""
    known = {field.name for field in readable_fields(PretrainingConfig)}
    both = known | {field.name for field in readable_fields(FinetuningConfig)}
    further = set(values) - known
    finetunes = further and further <= both
    return FinetuningConfig if finetunes else PretrainingConfig


def _flags(text: str) -> dict:
    """Parse lines of `--name=value`; as on a command line, `--hparams` wins.

    >>> _flags("# Me.\\n--model-size=small\\n--learning_rate=5e-4\\n--nodebug")
    {'model_size': 'small', 'learning_rate': 0.0005, 'debug': False}
    """
    named, hparams = {}, {}
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith(("#", "//")):
            continue
        name, value = _flag(line)
        if name in _INCLUDED:
            path = _preset_path(value) if name == "preset" else value
            named.update(_values(os.fspath(path)))
        elif name == "hparams":
            hparams.update(value)
        else:
            named[name] = value
    return {**named, **hparams}


def _flag(line: str) -> tuple:
    name, equals, value = line.partition("=")
    if not name.startswith("-") or " " in name:
        raise UserError(
            f"Expected a line of --name=value, --name or --noname. Received: "
            f"{line!r}."
        )
    name = name.lstrip("-").replace("-", "_")
    if equals:
        return name, _value(value)
    return name.removeprefix("no"), not name.startswith("no")


def _value(text: str):
    try:
        return json.loads(text)
    except ValueError:
        return text
