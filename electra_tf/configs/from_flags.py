"""Command lines for config dataclasses, by absl.

Every field of a config is a flag of its name, with the default, help text and
checks that the dataclass declares:

    config = from_flags.parse(PretrainingConfig, sys.argv)

or, to have absl set up logging first:

    app.run(main, flags_parser=functools.partial(parse, PretrainingConfig))

A value may come from several places. The later of these wins:

1. the dataclass's default, which may depend on the model size or the task;
2. flag files (`--flagfile=PATH`) and presets (`--preset=NAME`);
3. `--hparams`, a JSON object or the path of a `.json` file;
4. flags named on the command line.

Names may be written with hyphens. absl's own flags (`--verbosity`, ...) work.
Nothing here imports TensorFlow, so a mistake is reported at once.
"""

import dataclasses
import functools
import json
import os
import pathlib
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from absl import flags, logging  # noqa: F401 (absl.logging defines flags)

import electra_tf
from electra_tf import command_line
from electra_tf.configs import effects, help_page, hparams
from electra_tf.errors import UserError
from electra_tf.io import files
from electra_tf.io.json_text import parsed_json, unique_keys

ConfigT = TypeVar("ConfigT", bound=hparams.Config)

_PACKAGE = pathlib.Path(__file__).parents[1]
# Beside the package in a clone, and in it when it is installed.
PRESETS = _PACKAGE.parent / "flags" / "presets"
if (_PACKAGE / "presets").is_dir():
    PRESETS = _PACKAGE / "presets"
PRESET_SUFFIX = ".flags"
FULL_HELP = "--helpfull"
HELP_FLAGS = ("--help", "-help", "-h", FULL_HELP, "--helpshort")
VERSION_FLAG = "--version"
USAGE_ERROR = command_line.USAGE_ERROR


class UsageError(UserError):
    """A command line that cannot be understood."""


def parse(config_class: type[ConfigT], argv: Sequence[str]) -> ConfigT:
    """Return the config that a command line asks for.

    Prints help and exits with status 0 for `--help`, likewise `--version`;
    prints one message and exits with status 2 for a mistake.

    Args:
      config_class: a dataclass derived from `hparams.Config`.
      argv: program name and arguments, as in `sys.argv`.
    """
    program = os.path.basename(argv[0])
    if asked := asks_for_help(argv[1:]):
        full = FULL_HELP in asked
        command_line.print_page(
            help_page.text(config_class, program, preset_names(), full)
        )
        sys.exit(0)
    if VERSION_FLAG in argv[1:]:
        print(f"electra_tf {electra_tf.__version__}")
        sys.exit(0)
    try:
        config = read(config_class, argv)
    except UserError as error:
        sys.stderr.write(command_line.mistake(program, str(error)))
        sys.exit(USAGE_ERROR)
    except OSError as error:  # Of a flag file in a bucket.
        sys.exit(f"{program}: {error}")
    for line in effects.without_effect(config):
        print(f"{program}: {line}", file=sys.stderr)
    return config


def asks_for_help(arguments: Iterable[str]) -> list[str]:
    """Return those of the arguments that ask for help, also by `--help=true`.

    >>> asks_for_help(["--help=true", "--preset=small"])
    ['--help']
    """
    names = (argument.partition("=")[0] for argument in arguments)
    return [name for name in names if name in HELP_FLAGS]


def read(config_class: type[ConfigT], argv: Sequence[str]) -> ConfigT:
    """Return the config that a command line asks for.

    Args:
      config_class: a dataclass derived from `hparams.Config`.
      argv: program name and arguments, as in `sys.argv`.

    Raises:
      UserError: saying what is wrong with the command line.
    """
    paths, arguments = _split_files(
        map(command_line.with_underscores, argv[1:])
    )
    named, by_hparams = _parse_layer(config_class, arguments)
    values = {**_parse_files(config_class, paths), **by_hparams, **named}
    for field in dataclasses.fields(config_class):
        if hparams.is_required(field) and field.name not in values:
            raise UsageError(
                f"--{field.name} is required: {field.metadata.get('help')}."
            )
    return hparams.from_json(config_class, values)


def define(config_class: type, flag_values: flags.FlagValues) -> None:
    """Define one absl flag for every name a config reads, and `--hparams`."""
    for field in hparams.readable_fields(config_class):
        flags.DEFINE(
            _FieldParser(field),
            field.name,
            None,
            field.metadata.get("help", ""),
            flag_values,
            boolean=bool in hparams.kinds(field),
        )
    flags.DEFINE_multi_string(
        "hparams", [], "JSON object, or path of a .json file", flag_values
    )


class _FieldParser(flags.ArgumentParser):
    """Reads the text of a flag as a value of a field.

    Text that cannot be read stays text: the config then reports it, in the
    same words as any other wrong value.
    """

    def __init__(self, field: dataclasses.Field):
        self._kinds = hparams.kinds(field)

    def parse(self, argument: str) -> Any:
        nothing = ("null", "none", "auto" if bool in self._kinds else "null")
        if types.NoneType in self._kinds and argument in nothing:
            return None
        try:
            return READERS[self._kinds[0]](argument)
        except UserError:
            raise  # It is told beside the flag's name.
        except (ValueError, KeyError, RecursionError):
            return argument


def _read_int(text: str) -> float:
    """Read `1000000`, `1_000_000` or `1e6`; the config wants it whole."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _read_list(text: str) -> list[str]:
    """Read `cola,mrpc` or `["cola", "mrpc"]`."""
    if text.startswith("["):
        return json.loads(text)
    return [item.strip() for item in text.split(",") if item.strip()]


BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "1"), True),
    **dict.fromkeys(("false", "f", "no", "0"), False),
}
READERS: dict[type, Callable[[str], Any]] = {
    bool: lambda text: BOOLEANS[text.lower()],
    int: _read_int,
    float: float,
    str: str,
    tuple: _read_list,
    Mapping: functools.partial(json.loads, object_pairs_hook=unique_keys),
}


def _parse_files(
    config_class: type[ConfigT], paths: list[str], within: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the values of all flag files and presets; later ones win.

    A file's own flags win over those of the files that it names, and its
    `--hparams` over its flags. `within` are the files that name these.
    """
    values: dict[str, Any] = {}
    for path in paths:
        try:
            if path in within:
                raise UsageError("the file names itself, or one that names it.")
            named_files, lines = _split_files(_flag_lines(path))
            values |= _parse_files(config_class, named_files, (*within, path))
            for layer in _parse_layer(config_class, lines):
                values |= layer
        except UserError as error:
            raise UsageError(f"In {path}: {error}") from error
    return values


def _parse_layer(
    config_class: type, arguments: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of the named flags, and those of `--hparams`."""
    flag_values = flags.FlagValues()
    define(config_class, flag_values)
    flag_values.set_gnu_getopt(True)
    try:
        rest = flag_values(["program", *arguments], known_only=True)
        rest = flags.FLAGS(rest)
    except flags.UnrecognizedFlagError as error:
        name = f"--{error.flagname}"
        known = (*flag_values, "flagfile", "preset", "help")
        suggestion = hparams.suggestion(name, [f"--{flag}" for flag in known])
        raise UsageError(f"Unknown flag '{name}'.{suggestion}") from error
    except (flags.Error, ValueError) as error:  # The latter: --nodebug=1.
        raise UsageError(f"{error}.") from error
    if len(rest) > 1:
        raise UsageError(
            f"Unexpected argument {rest[1]!r}. Write --name=value, and "
            "--name or --noname for true or false."
        )
    named = {
        field.name: flag_values[field.name].value
        for field in hparams.readable_fields(config_class)
        if flag_values[field.name].present
    }
    merged = {}  # Of several --hparams the later ones win.
    for text in flag_values["hparams"].value:
        merged |= _read_hparams(text)
    known = hparams.readable_fields(config_class)
    hint = " Its keys are the settings that --helpfull lists, without dashes."
    hparams.check_names(known, merged, "--hparams key", hint)
    return named, merged


def _read_hparams(text: str) -> dict[str, Any]:
    """Return the values of one `--hparams`, an object or a file with one."""
    try:
        is_file = text.endswith(".json")
        values = parsed_json(files.read(text) if is_file else text)
    except OSError as error:
        raise UsageError(
            f"--hparams names a file that cannot be read. Received: {text!r} "
            f"({error.strerror or error})."
        ) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "--hparams must be a JSON object, or the path of a .json file. "
            f"Received: {text!r} ({error})."
        ) from error
    if not isinstance(values, dict):
        raise UsageError(
            f"--hparams must be a JSON object. Received: {text!r}."
        )
    return values


def _split_files(arguments: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the flag files and presets that are named, and the rest."""
    paths, rest = [], []
    remaining = iter(arguments)
    for argument in remaining:
        name, equals, value = argument.partition("=")
        name = name.lstrip("-") if name.startswith("-") else ""
        if name not in ("flagfile", "preset"):
            rest.append(argument)
            continue
        value = value if equals else next(remaining, "")
        paths.append(_find_file(name, value))
    return paths, rest


def _find_file(flag_name: str, value: str) -> str:
    """Return the flag file of a path or of a preset's name."""
    path = os.path.expanduser(value)
    if flag_name == "flagfile" and _is_file(path):
        return path
    names = preset_names()
    if value in names:
        return str(PRESETS / f"{value}{PRESET_SUFFIX}")
    raise UsageError(
        f"--{flag_name} names no file or preset. Received: {value!r}."
        f"{hparams.suggestion(value, names)} Presets: {', '.join(names)}."
    )


def _is_file(path: str) -> bool:
    if files.is_remote(path):
        return files.size(path) is not None
    return os.path.isfile(path)


def preset_names() -> list[str]:
    """Return the names that `--preset` takes."""
    return sorted(path.stem for path in PRESETS.glob(f"*{PRESET_SUFFIX}"))


def _flag_lines(path: str) -> list[str]:
    """Return the flags in a flag file, without comments and empty lines."""
    try:
        lines = files.read(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(
            f"A flag file must be text in UTF-8, one flag a line: {error}."
        ) from error
    found = [line for line in map(str.strip, lines) if line]
    found = [line for line in found if not line.startswith(("#", "//"))]
    for line in found:
        _check_line(line)
    return list(map(command_line.with_underscores, found))


def _check_line(line: str) -> None:
    """Raise `UserError` for what a shell would take off a value."""
    name, _, value = line.partition("=")
    if name.lstrip("-") == "hparams":
        return
    quoted = len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]
    if quoted or re.search(r"\s#", value):
        raise UsageError(
            "The value of a flag is all that follows the equals sign: it has "
            "no quotation marks around it, and comments have lines of their "
            f"own. Received: {line!r}. Take them off, or give such a value by "
            "--hparams."
        )
