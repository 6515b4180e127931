"""JSON that people write or send: one strict reader. No TensorFlow."""

import difflib
import json
from collections.abc import Iterable
from typing import Any

from electra_tf.errors import UserError

# How alike a mistyped name is: above sep_token_id and sep_token, say.
_ALIKE = 0.86


def parsed_json(text: str | bytes) -> Any:
    """Return the value of a JSON text; its strings are Unicode text.

    Args:
        text: JSON; bytes are in UTF-8, UTF-16 or UTF-32.

    Raises:
        UserError: when it is none, or a key of an object comes twice.

    >>> parsed_json('{"a": 1, "b": {"c": 2, "c": 3}}')
    Traceback (most recent call last):
    electra_tf.errors.UserError: no JSON: the key 'c' comes twice
    """
    try:
        if isinstance(text, bytes):
            text = text.decode(json.detect_encoding(text))
        value = json.loads(text, object_pairs_hook=unique_keys)
        if "\\u" in text:  # It may hold half of a pair of surrogates.
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UserError(
            f"holds {error.object[error.start]!r}, which is no character"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"no JSON: {error}") from None
    return value


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a dict, as `object_pairs_hook`; UserError for a repeated key."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise UserError(f"the key {name!r} comes twice")
            seen.add(name)
    return found


def misspelt(
    names: Iterable[str], known: Iterable[str], file: str
) -> dict[str, str]:
    """Return the names that are nearly known ones, and what to say of each.

    For files that have many more names than are read here.

    >>> misspelt(["do_lower_caes", "use_cache"], ["do_lower_case"], "a.json")
    {'do_lower_caes of a.json': "not known; is 'do_lower_case' meant?"}
    """
    known, found = {*known}, {}
    for name in [name for name in names if name not in known]:
        close = difflib.get_close_matches(name, sorted(known), 1, _ALIKE)
        if close:
            found[f"{name} of {file}"] = f"not known; is {close[0]!r} meant?"
    return found
