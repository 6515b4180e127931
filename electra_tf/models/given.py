"""What users give to models, told apart: texts, or ids in some library's names.

No TensorFlow of its own: tensors are known by what they can do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from electra_tf.errors import UserError, shown

INPUTS = ("input_ids", "input_mask", "segment_ids")
# Names of KerasHub and of transformers for the same.
ALIASES = {
    "token_ids": "input_ids",
    "padding_mask": "input_mask",
    "attention_mask": "input_mask",
    "token_type_ids": "segment_ids",
}


def listed(values):
    """Return values without pandas, NumPy or TensorFlow around text.

    Numbers stay what they are.
    """
    if isinstance(values, bytes | np.bytes_):
        return bytes(values).decode("utf-8", "replace")
    if isinstance(values, str):
        return str(values)
    if hasattr(values, "iloc"):  # A column of pandas.
        values = values.to_numpy()
    kind = getattr(getattr(values, "dtype", None), "name", "")
    if kind == "string":  # A tensor of TensorFlow.
        values = np.asarray(values.numpy(), object)
    if isinstance(values, np.ndarray) and values.dtype.kind in "OSUT":
        return listed(values.tolist())
    if isinstance(values, list | tuple):
        return type(values)(map(listed, values))
    return values


def is_text(values) -> bool:
    """Say whether listed values are texts, pairs, words or dicts of them."""
    while isinstance(values, list | tuple) and len(values):
        values = values[0]
    if isinstance(values, Mapping):
        has_ids = {*INPUTS, *ALIASES} & {*values}
        return not has_ids and any(map(is_text, map(listed, values.values())))
    return isinstance(values, str)


def rows(values, fields: Sequence[str]) -> list[dict[str, Any]]:
    """Return texts as rows of named fields.

    Args:
        values: listed: a text; a list of texts, of pairs or of dicts; a tuple
            of two lists, the firsts and the seconds; or a dict of lists.
        fields: what a text, or a pair, stands for.

    >>> rows(["a", "b"], ["text", "text_pair"])
    [{'text': 'a'}, {'text': 'b'}]
    >>> rows((["a", "b"], ["c", "d"]), ["text", "text_pair"])[1]
    {'text': 'b', 'text_pair': 'd'}
    >>> rows([("a", "c")], ["text", "text_pair"])
    [{'text': 'a', 'text_pair': 'c'}]
    """
    if isinstance(values, Mapping):
        columns = {name: listed(column) for name, column in values.items()}
        if all(isinstance(column, str) for column in columns.values()):
            return [columns]
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise UserError(
                f"Columns must have equally many rows. Received: {lengths}."
            )
        parts = zip(*columns.values(), strict=True)
        return [dict(zip(columns, part, strict=True)) for part in parts]
    if isinstance(values, str):
        return [{fields[0]: values}]
    if isinstance(values, tuple):
        if all(isinstance(value, str) for value in values):
            values = [values]  # One pair.
        else:
            return rows(dict(zip(fields, values, strict=False)), fields)
    return [_row(value, fields, number) for number, value in enumerate(values)]


def _row(value, fields: Sequence[str], number: int) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    texts = [value] if isinstance(value, str) else value
    if (
        isinstance(texts, list | tuple)
        and 0 < len(texts) <= len(fields)
        and all(isinstance(text, str) for text in texts)
    ):
        return dict(zip(fields, texts, strict=False))
    raise UserError(
        f"A row must be a text, a tuple of {' and '.join(fields)}, or a dict "
        f"with these. Received: {shown(value)} at place {number}."
    )


def named(inputs) -> dict[str, Any]:
    """Return inputs by our names, other values beside them.

    Raises:
        UserError: for a list, of which it is not known what is what, or a
            dict without ids.
    """
    if is_text(inputs):
        raise UserError(
            "Texts go to fit, evaluate, predict and answers, or through "
            f"model.tokenizer before a call. Received: {shown(inputs)}."
        )
    if isinstance(inputs, list | tuple):
        raise UserError(
            "Give several inputs as a dict: "
            f"{', '.join(INPUTS)}. Received: {type(inputs).__name__} of "
            f"{len(inputs)}."
        )
    if not isinstance(inputs, Mapping):
        inputs = {"input_ids": inputs}
    found = {}
    for name, value in inputs.items():
        ours = ALIASES.get(name, name)
        if ours in found:
            raise UserError(
                f"{ours} is given twice. Received: {', '.join(inputs)}."
            )
        if value is not None:
            found[ours] = value
    if "input_ids" not in found:
        raise UserError(
            "An input must have input_ids (or token_ids), or texts. Received: "
            f"{', '.join(inputs) or 'nothing'}."
        )
    return found


def tensors(inputs) -> dict[str, Any]:
    """Return the three inputs of an encoder, int32, and what else is there.

    A mask that is not there is 1, segments are 0.
    """
    found = named(inputs)
    ids = found["input_ids"]
    for name in INPUTS:
        value = found.get(name)
        if value is None:
            make = ops.ones_like if name == "input_mask" else ops.zeros_like
            value = make(ids)
        kind = keras.backend.standardize_dtype(value.dtype)
        if name == "input_ids" and "int" not in kind:
            raise UserError(
                f"input_ids must be integers. Received: {kind}; give "
                'keras.Input(..., dtype="int32"), or convert them.'
            )
        found[name] = ops.cast(value, "int32")
    return found


def arrays(inputs) -> dict[str, Any]:
    """Return lists of numbers, and arrays, as arrays by our names."""
    if isinstance(inputs, list | tuple):
        inputs = _array("input_ids", inputs)
    return {
        name: _array(name, value) if isinstance(value, list | tuple) else value
        for name, value in named(inputs).items()
    }


def _array(name: str, values) -> np.ndarray:
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.asarray(0.5)
    if array.dtype.kind not in "iub" or array.ndim < 2:
        raise UserError(
            f"{name} must be equally long lists of integers, one a text; pad "
            f"shorter ones and say so by input_mask. Received: {shown(values)}."
        )
    return array.astype(np.int32)
