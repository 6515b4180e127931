"""What the fields of a row must hold: a table for each kind of data.

A field has a name, a type and a meaning. `read` makes a dict of values of
these types of a row, or says which row, which field, what was expected and
what was read. No TensorFlow.
"""

import ast
import decimal
import io
import json
import math
import re
import tokenize
import typing
from collections.abc import Callable, Mapping

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.rows import Record, RowError
from electra_tf.finetuning.tasks.text_files import shown
from electra_tf.io.json_text import parsed_json

# Cells that spreadsheets and data frames have for no value.
MISSING = frozenset(("nan", "null", "<na>", "#n/a", "nat"))


# What Python raises for a text that is no list.
_NOT_WRITTEN = (
    *(TypeError, ValueError, SyntaxError, MemoryError, RecursionError),
    tokenize.TokenError,
)


class Type(typing.NamedTuple):
    """A type: what is expected, and a function to it.

    The function raises TypeError for a value of another type; a `UserError`
    of it is shown as it is.
    """

    expected: str
    of: Callable


class Field(typing.NamedTuple):
    """A field of a row; its name is that of its column, unless one is set."""

    name: str
    type: Type
    meaning: str
    required: bool = True
    may_be_blank: bool = False  # Whether blank text is text.


def read(
    record: Record,
    fields: tuple[Field, ...],
    columns: Mapping[str, str] | None = None,
) -> dict:
    """Return the values of a row by field; None for what is not there.

    Args:
        record: the row.
        fields: what it must hold.
        columns: dict from a field to its column, where that has another name.

    Raises:
        RowError: for a row that could not be read, or where a field is
            missing or holds something else.
    """
    if record.problem:
        raise RowError(record.where, record.problem)
    found = {}
    for field in fields:
        column = (columns or {}).get(field.name) or field.name
        value = record.values.get(column)
        is_blank = isinstance(value, str) and field.may_be_blank
        if is_nothing(value) and not is_blank:
            if field.required:
                raise record.error(f"nothing in column {column!r}")
            found[field.name] = None
            continue
        try:
            found[field.name] = field.type.of(value)
        except UserError as error:
            raise record.error(f"column {column!r}: {error}") from None
        except (TypeError, ValueError):
            raise record.error(
                f"column {column!r} must hold {field.type.expected}, "
                f"{field.meaning}; received {shown(value)}"
            ) from None
    return found


def is_nothing(value) -> bool:
    """Return whether a value is none: null, not a number, or blank text."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and math.isnan(value))


# ---- Types -------------------------------------------------------------------


def text(value) -> str:
    """Return text as it is; numbers and true and false as JSON has them.

    >>> text("a"), text(7), text(0.5), text(True)
    ('a', '7', '0.5', 'true')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        if isinstance(value, float) and not math.isfinite(value):
            raise TypeError
        return json.dumps(value)
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return str(value)
    raise TypeError


def label(value) -> str:
    """Return a label as text; what stands for no value is none.

    Data frames have whole numbers as 1.0 where some are missing.

    >>> label("pos"), label(1.0)
    ('pos', '1')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    found = text(value)
    if found.strip().lower() in MISSING:
        raise TypeError
    return found


def whole(value) -> int:
    """Return a whole number of at least 0.

    >>> whole(12), whole("12"), whole(12.0)
    (12, 12, 12)
    """
    if isinstance(value, str):
        if not re.fullmatch("[0-9]{1,18}", value):
            raise TypeError
        return int(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise TypeError
    if value < 0 or value != int(value):
        raise TypeError
    return int(value)


_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def truth(value) -> bool:
    """Return true or false, also of these words and of 0 and 1.

    >>> truth(True), truth("False"), truth(0)
    (True, False, False)
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str | int):
        key = str(value).strip().lower()
        if key in _TRUTHS:
            return _TRUTHS[key]
    raise TypeError


def listed(value) -> list:
    """Return a list; of a text, what it holds as JSON or Python writes it.

    >>> listed("['a', 'b']"), listed('["a"]')
    (['a', 'b'], ['a'])
    """
    value = _unwritten(value)
    if not isinstance(value, list | tuple):
        raise TypeError
    return [*value]


def _unwritten(value):
    """Return a value, or what a text holds as JSON or else Python writes it."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return parsed_json(value)
    except UserError as error:
        try:
            _check_commas(value)
            found = ast.literal_eval(value.strip())
            json.dumps(found, ensure_ascii=False, default=str).encode()
        except _NOT_WRITTEN:
            raise error from None
        return found


def _check_commas(value: str) -> None:
    """Refuse texts side by side, as NumPy writes them: Python joins them."""
    before = None
    for token in tokenize.generate_tokens(io.StringIO(value.strip()).readline):
        if token.type == before == tokenize.STRING:
            raise ValueError
        before = before if token.type == tokenize.NL else token.type


def texts(value, of: Callable = text) -> list[str]:
    """Return a list of texts; none is blank, numbers become text by `of`."""
    found = listed(value)
    if not found or any(map(is_nothing, found)):
        raise TypeError
    return [of(item) for item in found]


def choices(value) -> list[tuple[str, str]]:
    """Return choices, each with its name, or "" where they have none.

    >>> choices(["yes", "no"])
    [('', 'yes'), ('', 'no')]
    >>> choices({"label": ["A", "B"], "text": ["yes", "no"]})
    [('A', 'yes'), ('B', 'no')]
    >>> choices([{"text": "yes"}, {"text": "no"}])
    [('', 'yes'), ('', 'no')]
    >>> choices({"A": "yes", "B": "no"})
    [('A', 'yes'), ('B', 'no')]
    """
    value = _unwritten(value)
    if isinstance(value, dict) and isinstance(value.get("text"), list | tuple):
        found = texts(value["text"])
        names = texts(value["label"], label) if "label" in value else None
    elif isinstance(value, dict):
        found, names = texts([*value.values()]), texts([*value])
    elif isinstance(value, list) and all(isinstance(v, dict) for v in value):
        found = texts([item.get("text") for item in value])
        labels = [item.get("label") for item in value]
        names = None
        if any(name is not None for name in labels):
            names = texts(labels, label)
    else:
        found, names = texts(value), None
    if names is None:
        return [("", text_of) for text_of in found]
    names = [name.strip() for name in names]
    if len(names) != len(found):
        raise UserError(f"{len(found)} choices with {len(names)} labels")
    if len({*names}) < len(names):
        raise UserError(f"two choices with one label: {', '.join(names)}")
    return [*zip(names, found, strict=True)]


def answers(value) -> list[dict]:
    """Return a list of answers, each a dict with text and answer_start.

    >>> answers({"text": ["a", "b"], "answer_start": [0, 4]})
    [{'text': 'a', 'answer_start': 0}, {'text': 'b', 'answer_start': 4}]
    """
    value = _unwritten(value)
    if isinstance(value, dict):
        columns = {
            name: list(of) if isinstance(of, list | tuple) else [of]
            for name, of in value.items()
        }
        lengths = {name: len(of) for name, of in columns.items()}
        if len({*lengths.values()}) > 1:
            raise UserError(f"its lists differ in length: {lengths}")
        rows = zip(*columns.values(), strict=True)
        value = [dict(zip(columns, row, strict=True)) for row in rows]
    found = listed(value)
    if not all(isinstance(item, dict) for item in found):
        raise TypeError
    return found


TEXT = Type("text", text)
LABEL = Type("a label, which 'nan' or 'null' is not", label)
WHOLE = Type("a whole number of at least 0", whole)
TRUTH = Type("true or false", truth)
TEXTS = Type("a list of words, none of them empty", texts)
ANSWERS = Type("a list of answers, or lists `text` and `answer_start`", answers)
