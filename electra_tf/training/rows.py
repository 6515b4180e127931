"""Rows of metrics.jsonl and evaluations.jsonl, when a run goes on."""

import json
import pathlib

from electra_tf.training import run_folder


def cut(path: str, last_step: int):
    """Drop the rows of a file of metrics that come after a step.

    They belong to updates that a resumed run does again. A last line that is
    no JSON, cut short when a process was killed, goes too.

    Args:
        path: str, a file with a JSON object a line that has a `step`; it
            need not exist.
        last_step: int, the last step whose row stays.
    """
    lines = _lines(path)
    kept = [line for line in lines if _step_of(line) <= last_step]
    if len(kept) < len(lines):
        run_folder.write_atomically(path, "".join(kept))


def has(path: str, step: int) -> bool:
    """Say whether a file of metrics has the row of a step."""
    return any(_step_of(line) == step for line in _lines(path))


def _lines(path: str) -> list[str]:
    file = pathlib.Path(path)
    if not file.exists():
        return []
    # What is no text is no row, and kept from being an error.
    text = file.read_text(encoding="utf-8", errors="replace")
    return text.splitlines(keepends=True)


def _step_of(line: str) -> float:
    """The step of a row; infinity for a line that is cut short."""
    if not line.endswith("\n"):
        return float("inf")
    try:
        return json.loads(line)["step"]
    except (ValueError, TypeError, KeyError):
        return float("inf")
