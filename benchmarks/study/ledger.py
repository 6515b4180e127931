"""The file of results: one JSON object a line, appended as they come.

A line of kind `model` says how a model was trained, one of kind `trial` how
well it was fine-tuned. Nothing else is needed for the report, and what is in
the file is not done again, so that a copy of it stands for the run folders.
"""

import hashlib
import json
import os
import pathlib
import typing

from electra_tf.errors import UserError


class Trial(typing.NamedTuple):
    """What tells one trial from all others.

    Attributes:
        pretraining: digest of the settings of pre-training, see `digest`.
        task: its name.
        seed: of fine-tuning.
        finetuning: digest of the settings of fine-tuning.
    """

    pretraining: str
    task: str
    seed: int
    finetuning: str


def digest(settings: dict) -> str:
    """Return a short name of some settings; their order does not matter.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    True
    """
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Ledger:
    """The results that there are.

    Args:
        path: of the file; made when the first result comes.

    Raises:
        UserError: a line that is no result, the last one aside: a process
            that was killed may have left half of it.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.models: dict[str, dict] = {}
        self.trials: dict[Trial, dict] = {}
        for row in self._rows():
            self._take(row)

    def _rows(self) -> list[dict]:
        if not self.path.exists():
            return []
        *lines, _unfinished = self.path.read_bytes().split(b"\n")
        return [self._row(n, line) for n, line in enumerate(lines, 1) if line]

    def _row(self, number: int, line: bytes) -> dict:
        try:
            row = json.loads(line)
            if row["kind"] in ("model", "trial"):
                return row
        except (ValueError, KeyError, TypeError):
            pass
        raise UserError(
            f"{self.path}, line {number}: expected a result of the study, a "
            f'JSON object of kind "model" or "trial". Received: {line[:80]!r}.'
        )

    def _take(self, row: dict):
        if row["kind"] == "model":
            self.models[row["id"]] = row
        else:
            key = Trial(*(row[name] for name in Trial._fields))
            self.trials[key] = row

    def add(self, row: dict):
        """Append a result, and see to it that it is on the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_unfinished_line()
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._take(row)

    def _drop_unfinished_line(self):
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(self.path, whole)
