"""Frozen dataclass configs whose fields say what they are, once.

A field is declared with `hparam`: its default, its help text and what values
it takes. `Config` checks every field when an object is made, and the flags,
the help pages and the saved JSON files are made from the same declaration.

>>> import dataclasses
>>> @dataclasses.dataclass(frozen=True)
... class Oven(Config):
...     celsius: int = hparam(180, "temperature", at_least=0)
...     fan: bool = hparam(False, "whether the fan runs")
>>> Oven(celsius=200)
Oven(celsius=200, fan=False)
>>> Oven(celsius=-5)
Traceback (most recent call last):
...
electra_tf.errors.UserError: celsius must be an int of at least 0. Received: -5.
"""

import copy
import dataclasses
import json
import math
import operator
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any, NamedTuple

from electra_tf.errors import UserError, shown, suggestion
from electra_tf.io import connections


class Derived(NamedTuple):
    """A default that depends on fields declared earlier.

    Attributes:
      rule: function of the config that returns the default.
      text: what the help page says about this default.
    """

    rule: Callable[[Any], Any]
    text: str


def hparam(
    default: Any = dataclasses.MISSING,
    help_text: str = "",
    *,
    group: str = "general",
    runtime: bool = False,
    choices: tuple | None = None,
    at_least: float | None = None,
    more_than: float | None = None,
    at_most: float | None = None,
    less_than: float | None = None,
) -> Any:
    """Declare a field of a `Config`.

    Args:
      default: a value, a `Derived` rule (None then asks for the rule's
        value), or nothing for a field that must be given.
      help_text: one phrase for the help page.
      group: heading of the field on the help page.
      runtime: true if a run may be resumed with another value.
      choices: the valid values; for a tuple field, of each element.
      at_least: smallest valid number.
      more_than: bound that a number must exceed.
      at_most: largest valid number.
      less_than: bound that a number must stay below.

    Returns:
      A `dataclasses.field`.
    """
    bounds = {
        "at least": at_least,
        "more than": more_than,
        "at most": at_most,
        "less than": less_than,
    }
    metadata = {
        "default": default,
        "help": help_text,
        "group": group,
        "runtime": runtime,
        "choices": choices,
        "bounds": {n: b for n, b in bounds.items() if b is not None},
    }
    if isinstance(default, Derived):
        default = None
    if isinstance(default, dict):
        return dataclasses.field(
            default_factory=lambda: copy.deepcopy(default), metadata=metadata
        )
    return dataclasses.field(default=default, metadata=metadata)


class Config:
    """Base of the config dataclasses; resolves and checks the fields.

    Subclasses are frozen dataclasses with fields made by `hparam`. A subclass
    may define `check` for rules that concern several fields, and
    `other_fields` with `translated` for names that it reads but does not keep.
    """

    # Which settings have an effect only beside others: rows of `effects`.
    effects: typing.ClassVar[tuple] = ()

    def __new__(cls, *args, **named):
        """Remember which values were given, before defaults join them."""
        config = super().__new__(cls)
        names = [field.name for field in dataclasses.fields(cls)]
        given = {*names[: len(args)], *named}
        object.__setattr__(config, "_given", given)
        return config

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            default = field.metadata.get("default")
            if isinstance(default, Derived) and value is None:
                value = default.rule(self)
                self._given.discard(field.name)
            object.__setattr__(self, field.name, checked(field, value))
        self.check()

    @property
    def given(self) -> frozenset[str]:
        """Names of the fields that were set, not left to their defaults."""
        return frozenset(self._given)

    @classmethod
    def other_fields(cls) -> tuple[dataclasses.Field, ...]:
        """Return what flags and saved configs may name beside the fields."""
        return ()

    @classmethod
    def translated(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by field for values that other fields may name."""
        return dict(values)

    def check(self) -> None:
        """Raise a `UserError` if fields contradict each other."""

    def replace(self, **changes) -> "Config":
        """Return a copy with other values; derived fields follow.

        Unlike `dataclasses.replace`, a field that was left to its rule is
        derived anew, so that for instance paths follow a new `data_dir`.
        """
        check_names(dataclasses.fields(self), changes)
        given = {name: getattr(self, name) for name in self.given}
        return type(self)(**{**given, **changes})


def checked(field: dataclasses.Field, value: Any) -> Any:
    """Return `value` in the field's type.

    Raises:
      UserError: if it has no such type or is out of range.
    """
    for kind in kinds(field):
        try:
            result = _convert(kind, value)
        except TypeError:
            continue
        if result is None or _in_range(field, result):
            is_given = isinstance(result, str) and is_path(field)
            return connections.expanded(result) if is_given else result
    wanted = expectation(field)
    message = f"{field.name} must be {wanted}. Received: {shown(value)}."
    if isinstance(value, Real) and abs(value) > _largest(field):
        message += f" The largest is {_largest(field)}."
    choices = field.metadata.get("choices")
    if choices:
        items = value if isinstance(value, list | tuple) else [value]
        wrong = [item for item in items if item not in tuple(choices)]
        message += suggestion(wrong[0], choices) if wrong else ""
    raise UserError(message)


def kinds(field: dataclasses.Field) -> tuple[type, ...]:
    """Return the plain types of a field: `int | None` -> (int, NoneType)."""
    annotation = field.type
    if isinstance(annotation, types.UnionType):
        return typing.get_args(annotation)
    return (typing.get_origin(annotation) or annotation,)


def _convert(kind: type, value: Any) -> Any:
    """Return `value` as a `kind` if nothing is lost; else raise TypeError."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if number and kind in (int, float):
        return _convert_number(kind, value)
    if kind is tuple and isinstance(value, list | tuple):
        if value and all(isinstance(item, str) for item in value):
            return tuple(value)
    elif kind is Mapping and isinstance(value, Mapping):
        return copy.deepcopy(dict(value))
    elif kind is bool and type(value) in (int, float) and value in (0, 1):
        return bool(value)
    elif kind is str and isinstance(value, os.PathLike):
        return os.fspath(value)
    elif kind not in (int, float) and isinstance(value, kind):
        return value
    raise TypeError


def _convert_number(kind: type, value: Real) -> int | float:
    try:
        number = kind(value)
    except (OverflowError, ValueError):  # Infinite, not a number, or too large.
        raise TypeError from None
    kept = number == value if kind is int else math.isfinite(number)
    if not kept:
        raise TypeError
    return number


COMPARISONS = {
    "at least": operator.ge,
    "more than": operator.gt,
    "at most": operator.le,
    "less than": operator.lt,
}


def _largest(field: dataclasses.Field) -> float:
    """Return the largest number of a field: shapes are of 31 bits."""
    group = field.metadata.get("group")
    if float in kinds(field) and group != "generator":
        return math.inf
    return LARGEST if group == "run" else LARGEST_OF_MODELS


def _in_range(field: dataclasses.Field, value: Any) -> bool:
    choices = field.metadata.get("choices")
    if choices:
        items = value if isinstance(value, tuple) else (value,)
        return all(item in choices for item in items)
    if isinstance(value, str):
        return bool(value) and "\0" not in value
    if isinstance(value, Real) and abs(value) > _largest(field):
        return False
    return all(
        COMPARISONS[name](value, bound)
        for name, bound in field.metadata.get("bounds", {}).items()
    )


# Numbers of 63 bits are what files and TensorFlow count by.
LARGEST = 2**63 - 1
LARGEST_OF_MODELS = 2**31 - 1
KIND_NAMES = {
    bool: "true or false",
    int: "an int",
    float: "a float",
    str: "a non-empty string",
    tuple: "a non-empty list of strings",
    Mapping: "a JSON object",
    types.NoneType: "null",
}


def expectation(field: dataclasses.Field) -> str:
    """Say in words what a field takes, for messages and help pages."""
    choices = field.metadata.get("choices")
    if choices:
        count = "some" if tuple in kinds(field) else "one"
        return f"{count} of {', '.join(choices)}"
    text = " or ".join(KIND_NAMES[kind] for kind in kinds(field))
    bounds = field.metadata.get("bounds", {})
    limits = " and ".join(f"{name} {bound}" for name, bound in bounds.items())
    return f"{text} of {limits}" if limits else text


def check_names(
    known: Iterable[dataclasses.Field],
    names: Iterable[str],
    what: str = "field",
    hint: str = "",
) -> None:
    """Raise a `UserError` for the first name that no field has."""
    fields = [field.name for field in known]
    for name in names:
        if name not in fields:
            raise UserError(
                f"Unknown {what} {name!r}.{suggestion(name, fields)}{hint}"
            )


def readable_fields(config_class: type) -> tuple[dataclasses.Field, ...]:
    """Return what flags and saved configs may name, in the order of help."""
    return (*dataclasses.fields(config_class), *config_class.other_fields())


def to_json(config: Config) -> dict[str, Any]:
    """Return the fields as a dictionary that `json.dump` takes."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def from_json(config_class: type, values: Mapping[str, Any]) -> Config:
    """Make a config from values by name, as `to_json` returns them.

    Raises:
      UserError: for unknown names and invalid values.
    """
    check_names(readable_fields(config_class), values)
    return config_class(**config_class.translated(values))


def check_same(
    saved: Mapping[str, Any], current: Config, ignore: Iterable[str] = ()
) -> None:
    """Check that a run may go on under `current`.

    Fields that only say how to run (logging, paths, number of steps, the
    machines) may differ; those that define the model and the updates may not.
    A field that `saved` lacks counts as having its default value.

    Args:
      saved: the dictionary that `to_json` returned when the run began.
      current: the config of the program that resumes.
      ignore: names of further fields that may differ.

    Raises:
      UserError: listing every field that differs, with both values.
    """
    fields = dataclasses.fields(current)
    now = to_json(current)
    required = {f.name: now[f.name] for f in fields if is_required(f)}
    readable = {field.name for field in readable_fields(type(current))}
    known = {name: value for name, value in saved.items() if name in readable}
    before = to_json(from_json(type(current), {**required, **known}))
    differences = [
        f"  {field.name}: {before[field.name]!r} in the saved config, "
        f"{now[field.name]!r} now"
        for field in fields
        if not field.metadata.get("runtime")
        and field.name not in ignore
        and before[field.name] != now[field.name]
    ]
    if differences:
        raise UserError(
            "This run was started with another config:\n"
            + "\n".join(differences)
            + "\nUse the same values, or another model_name or model_dir."
        )


def in_common(config: Config) -> dict[str, Any]:
    """Return what all workers of a job share: all but where files are."""
    values = to_json(config)
    return {
        field.name: values[field.name]
        for field in dataclasses.fields(config)
        if not is_path(field)
    }


def is_path(field: dataclasses.Field) -> bool:
    """Return whether the field says where files are."""
    is_of_files = field.metadata.get("group") == "files"
    return is_of_files or field.name.endswith(("_file", "_dir"))


def is_required(field: dataclasses.Field) -> bool:
    """Return whether the field must be given."""
    return (
        field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    )


def default_text(field: dataclasses.Field) -> str:
    """Say what the default of a field is, for the help page."""
    if is_required(field):
        return "required"
    default = field.metadata.get("default", field.default)
    if isinstance(default, Derived):
        return f"default {default.text}"
    if isinstance(default, tuple):
        return f"default {','.join(default)}"
    if isinstance(default, str):
        return f"default {default}"
    return f"default {json.dumps(default)}"
