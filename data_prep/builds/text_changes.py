"""Whether the text of a build changed while it was read."""

from collections.abc import Sequence

from data_prep.sources import tfds
from data_prep.sources.unit import SourceFile
from electra_tf.errors import UserError
from electra_tf.io import files

_NAMED = 5  # Files that a message names.


def states_of(text: Sequence[SourceFile]) -> dict[str, str]:
    """Return size and time of each file; a set of TFDS does not change."""
    return {
        file.path: _state(file.path)
        for file in text
        if file.format != tfds.FORMAT
    }


def _state(path: str) -> str:
    try:
        size = files.size(path)
        if size is None:
            return "gone"
        return f"{size} bytes, changed at {files.last_change(path)}"
    except OSError as error:
        return str(error)


def check(text: Sequence[SourceFile], before: dict[str, str]) -> None:
    """Raise a `UserError` when files are not as they were before."""
    now = states_of(text)
    changes = [
        f"  {path}: {before[path]} before; {now[path]} after"
        for path in before
        if before[path] != now[path]
    ]
    if changes:
        more = f"\n  and {len(changes) - _NAMED} more" * (len(changes) > _NAMED)
        raise UserError(
            f"{len(changes)} files of text changed while they were read:\n"
            + "\n".join(changes[:_NAMED])
            + f"{more}\nThe records may be of neither state, and are not kept. "
            "Build again when nothing writes to the text."
        )
