"""Configs of runs and recipes, read without making flags."""

import json
import pathlib

from electra_tf.configs import PretrainingConfig, from_json

# Beside this package in the source and where it is installed.
PRESETS = pathlib.Path(__file__).parents[2] / "flags" / "presets"


def preset(name: str) -> PretrainingConfig:
    """Return the pre-training recipe of a name.

    Raises:
        ValueError: if there is none.
    """
    known = sorted(path.stem for path in PRESETS.glob("*.flags"))
    if name not in known:
        raise ValueError(
            f"preset must be one of {', '.join(known)}. Received: {name!r}."
        )
    return read(PRESETS / f"{name}.flags")


def read(path) -> PretrainingConfig:
    """Read a run's `config.json`, or a flag file.

    Raises:
        ValueError: if it is not a config of pre-training.
        OSError: if it cannot be read.
    """
    path = pathlib.Path(path)
    text = path.read_text("utf-8")
    try:
        values = json.loads(text) if path.suffix == ".json" else _flags(text)
        required = {"data_dir": "-", "model_name": "-"}
        return from_json(PretrainingConfig, {**required, **values})
    except ValueError as error:
        raise ValueError(
            f"{path} is no config of pre-training: {error}"
        ) from error


def _flags(text: str) -> dict:
    """Parse lines of `--name=value`.

    >>> _flags("# Small.\\n--model_size=small\\n--learning_rate=5e-4\\n")
    {'model_size': 'small', 'learning_rate': 0.0005}
    """
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line.startswith("-"))
    return {
        name.lstrip("-").replace("-", "_"): _value(value) if equals else True
        for name, equals, value in pairs
    }


def _value(text: str):
    try:
        return json.loads(text)
    except ValueError:
        return text
