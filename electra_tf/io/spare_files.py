"""Files that a run can do without: a damaged one is put aside."""

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from electra_tf.io import files

ContentT = TypeVar("ContentT")
_DAMAGED = (
    AttributeError,
    KeyError,
    IndexError,
    RecursionError,
    TypeError,
    ValueError,
)


def read_json(
    path: str, read: Callable[[Any], ContentT] = dict
) -> ContentT | None:
    """Return the content of a JSON file; None where there is none.

    One that cannot be read gets another name, and is reported on stderr.

    Args:
        path: the file.
        read: function from what JSON has to what is returned.
    """
    if not files.exists(path):
        return None
    try:
        return read(json.loads(files.read(path)))
    except _DAMAGED as error:
        aside = f"{path}.damaged"
        files.rename(path, aside)
        print(
            f"{path} is damaged ({error}). It is not needed: it is put aside "
            f"as {aside}, and the run goes on.",
            file=sys.stderr,
        )
        return None
