"""Configs of runs and recipes, read by the flags of either program."""

import os
from collections.abc import Sequence

from electra_tf.configs import FinetuningConfig, PretrainingConfig, from_flags
from electra_tf.configs.hparams import readable_fields
from electra_tf.errors import UserError
from electra_tf.io import files, listing

REQUIRED = {"data_dir": "-", "model_name": "-"}

Config = PretrainingConfig | FinetuningConfig


def preset(name: str, task: str | None = None) -> Config:
    """Return the config of a recipe in `flags/presets`; see `read`."""
    return _read(name, f"--preset={name}", task)


def read(path: str | os.PathLike, task: str | None = None) -> Config:
    """Read a run's `config.json`, the folder it is in, or a flag file.

    `task` is what to fine-tune for; without it, what the file names.

    Raises:
        FileNotFoundError: there is no such file.
        UserError: it is no config of pre-training, nor of fine-tuning.
    """
    path = os.fspath(path)
    if listing.is_folder(path):
        path = os.path.join(path, "config.json")
    if not files.exists(path):
        raise FileNotFoundError(f"No config at {path}.")
    is_json = path.endswith(".json")
    return _read(path, f"--hparams={path}" if is_json else None, task)


def _read(source: str, flag: str | None, task: str | None) -> Config:
    """Read a config by one flag, or by those that are in a file."""
    try:
        lines = [flag] if flag else files.read(source).decode().splitlines()
        flags = [line.strip() for line in lines]
        flags = [f for f in flags if f and not f.startswith(("#", "//"))]
        return of_flags([*flags, *([f"--task_names={task}"] if task else [])])
    except (OverflowError, RecursionError, TypeError, ValueError) as error:
        raise UserError(
            f"{source} is no config of pre-training or fine-tuning: {error}"
        ) from error


def of_flags(arguments: Sequence[str]) -> Config:
    """Return the config that flags of either program ask for.

    It is pre-training's where that has them all. Flags that a run requires may
    be left out.

    Raises:
        UserError: for flags that neither program has.
    """
    names = {
        argument.lstrip("-").partition("=")[0].replace("-", "_")
        for argument in arguments
        if argument.startswith("-")
    }
    given = [f"--{k}={v}" for k, v in REQUIRED.items() if k not in names]
    errors = []
    for config_class in (PretrainingConfig, FinetuningConfig):
        try:
            argv = ["program", *given, *arguments]
            return from_flags.read(config_class, argv)
        except UserError as error:
            errors.append(error)
    tuned, pre = (
        {field.name for field in readable_fields(config_class)}
        for config_class in (FinetuningConfig, PretrainingConfig)
    )
    raise errors[bool(names & (tuned - pre))]
