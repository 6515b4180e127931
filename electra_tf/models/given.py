"""What users give to models, told apart: texts, or ids in some library's names.

No TensorFlow of its own: tensors are known by what they can do.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from absl import logging
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
# What may stand beside them: a head's labels, and what tokenizers tell.
BESIDE = {"start_positions", "end_positions", "is_impossible", "offsets"}


def listed(values):
    """Return values without pandas, NumPy or TensorFlow around text.

    Numbers stay what they are. UserError for bytes that are not UTF-8.
    """
    if isinstance(values, bytes):
        return decoded(values)
    if isinstance(values, str):
        return str(values)
    if hasattr(values, "iloc"):  # A column of pandas.
        values = values.to_numpy()
    for name in ("to_pylist", "to_list"):  # Of Arrow, polars, ragged tensors.
        if hasattr(values, name):
            return listed(getattr(values, name)())
    if isinstance(values, Sequence) and not isinstance(values, list | tuple):
        values = list(values)  # A column of datasets.
    if hasattr(values, "numpy"):  # A tensor of TensorFlow.
        array = values.numpy()
        is_text_tensor = getattr(values.dtype, "name", "") == "string"
        values = np.asarray(array, object) if is_text_tensor else array
    if isinstance(values, np.ndarray) and values.dtype.kind in "OSUT":
        return listed(values.tolist())
    if isinstance(values, list | tuple):
        return type(values)(
            decoded(value, place) if isinstance(value, bytes) else listed(value)
            for place, value in enumerate(values)
        )
    return values


def decoded(text: bytes, place: int | None = None) -> str:
    r"""Return bytes as text; UserError, with their place, where they are none.

    >>> decoded(b"caf\xc3\xa9")
    'café'
    """
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        where = "" if place is None else f" at place {place}"
        raise UserError(
            "Texts that are bytes must be UTF-8. Received: "
            f"{shown(bytes(text))}{where}, with {text[error.start]:#04x} at "
            f"byte {error.start}. Decode them by what they are, as in "
            '.decode("latin-1").'
        ) from None


def table(values):
    """Return a data frame as a dict of its columns, by which it is read.

    One of numbers alone, and all else, stays what it is.
    """
    if not hasattr(values, "iloc") or getattr(values, "ndim", 1) != 2:
        return values
    if values.to_numpy().dtype.kind in "iufb":
        return values
    return {str(name): values[name] for name in values.columns}


def is_whole(values) -> bool:
    """Say whether values are all there, and no generator of batches."""
    return isinstance(values, Sequence | Mapping) or any(
        hasattr(values, name) for name in ("shape", "to_pylist")
    )


def is_text(values) -> bool:
    """Say whether listed values are texts, pairs, words or dicts of them."""
    while isinstance(values, list | tuple) and len(values):
        # The first that may say: missing values come first, too.
        kinds = str | list | tuple | Mapping
        values = next((v for v in values if isinstance(v, kinds)), values[0])
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
            if len(values) > len(fields):
                raise UserError(
                    f"A tuple of lists must be of {' and '.join(fields)}. "
                    f"Received: {len(values)} lists."
                )
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


def tensors(inputs, axes: int = 2) -> dict[str, Any]:
    """Return the three inputs of an encoder, int32, and what else is there.

    A mask that is not there is 1, segments are 0. An array of ids has `axes`.
    """
    found = named(inputs)
    shapes = {n: found[n].shape for n in INPUTS if n in found}
    known = [s for s in shapes.values() if getattr(s, "rank", 0) is not None]
    if any(len(shape) != axes for shape in known):
        raise UserError(
            f"Inputs must be (batch, {'choices, ' * (axes > 2)}length). "
            f"Received: {shapes}."
        )
    _tell_unread(frozenset(found) - {*INPUTS} - BESIDE)
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


@functools.cache
def _tell_unread(names: frozenset[str]) -> None:
    """Say once that inputs of these names have no effect."""
    if names:
        logging.warning(
            f"These inputs are not read: {', '.join(sorted(names))}. Those "
            f"that are read: {', '.join((*INPUTS, *ALIASES))}."
        )


def arrays(inputs, axes: int, config) -> dict[str, Any]:
    """Return lists of numbers, and arrays, as arrays by our names.

    Args:
        inputs: ids, or a dict.
        axes: int, how many an array of ids has.
        config: `EncoderConfig` that says which ids there are.

    Raises:
        UserError: for ids, or arrays of other shapes, that no model reads.
    """
    if isinstance(inputs, list | tuple):
        inputs = _array("input_ids", inputs)
    found = {n: listed(value) for n, value in named(inputs).items()}
    for name, value in found.items():
        if isinstance(value, list | tuple):
            found[name] = _array(name, value)
    ids = found["input_ids"]
    shapes = {n: np.shape(found[n]) for n in INPUTS if n in found}
    if len(ids.shape) != axes or len({*shapes.values()}) > 1:
        raise UserError(
            f"Inputs must have {axes} axes, the last one for tokens, and the "
            f"same shape. Received: {shapes}."
        )
    if ids.shape[-1] > config.max_position_embeddings:
        raise UserError(
            f"The encoder has {config.max_position_embeddings} positions. "
            f"Received: input_ids of the shape {ids.shape}."
        )
    # Of an id that is not there some devices make a row of zeros.
    sizes = (config.vocab_size, 2, config.type_vocab_size)
    for name, size in zip(INPUTS, sizes, strict=True):
        values = np.asarray(found.get(name, 0))
        if values.size and not 0 <= np.min(values) <= np.max(values) < size:
            raise UserError(
                f"{name} must be 0 to {size - 1}. Received: "
                f"{np.min(values)} to {np.max(values)}."
            )
    if not ids.size:
        raise UserError("There must be a text at least. Received: no ids.")
    return found


def whole_numbers(values, axes: int) -> np.ndarray | None:
    """Return whole numbers as an array with so many axes; None for others.

    A last axis of 1 more is dropped, as Keras does with labels.

    >>> whole_numbers([[1], [0]], 1).tolist(), whole_numbers([0.5], 1)
    ([1, 0], None)
    """
    try:
        found = np.asarray(values)
    except ValueError:
        return None
    if found.ndim == axes + 1 and found.shape[-1] == 1:
        found = found[..., 0]
    if found.dtype.kind not in "iub" or found.ndim != axes:
        return None
    return found.astype(np.int64)


def weights(values) -> np.ndarray | None:
    """Return weights of examples as Keras takes them beside arrays."""
    if values is None:
        return None
    try:
        return np.asarray(listed(values), np.float32)
    except (TypeError, ValueError):
        raise UserError(
            f"sample_weight must be numbers. Received: {shown(values)}."
        ) from None


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
