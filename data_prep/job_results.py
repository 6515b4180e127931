"""What a job of a build made, as the file that says that it is finished."""

import collections
import dataclasses
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from electra_tf.io import files
from electra_tf.io.manifest import Shard


class JobResult(NamedTuple):
    """What one job made.

    Attributes:
        training: Its files of training examples.
        held_out: Its files of held-out examples.
        counts: Numbers by name, see docs/data_build.md.
        lengths: Number of examples by their number of ids, as text.
        places: The first places of what was wrong with the text, by name.
    """

    training: Sequence[Shard]
    held_out: Sequence[Shard]
    counts: Mapping[str, int]
    lengths: Mapping[str, int]
    places: Mapping[str, Sequence[str]]


def path_of(folder: str, number: int) -> pathlib.Path:
    """Return where a job's result is saved."""
    return pathlib.Path(folder, f"job-{number}.json")


def save(result: JobResult, folder: str, number: int) -> None:
    """Write a result to a file; the job's other files are on the disk then."""
    files.flush(pathlib.Path(folder))
    files.write(path_of(folder, number), to_json(result))


def load(folder: str, number: int) -> JobResult | None:
    """Return a job's result; None if it is not finished."""
    try:
        return from_json(path_of(folder, number).read_text("utf-8"))
    except FileNotFoundError:
        return None


def to_json(result: JobResult) -> str:
    """Return a result as text."""
    content = {
        **result._asdict(),
        "training": [dataclasses.asdict(shard) for shard in result.training],
        "held_out": [dataclasses.asdict(shard) for shard in result.held_out],
    }
    return json.dumps(content)


def from_json(text: str) -> JobResult:
    """Read what `to_json` wrote."""
    content = json.loads(text)
    for name in ("training", "held_out"):
        content[name] = [Shard(**shard) for shard in content[name]]
    return JobResult(**content)


def first_places(results: Sequence[JobResult]) -> dict[str, list[str]]:
    """Return the first places of what was wrong with the text, by name."""
    joined: dict[str, list[str]] = {}
    for result in results:
        for kind, places in result.places.items():
            joined.setdefault(kind, []).extend(places)
    return joined


def total(numbers: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Add up numbers by name, in the order in which the names first come.

    >>> total([{"a": 1, "b": 0}, {"a": 2}])
    {'a': 3, 'b': 0}
    """
    added = collections.Counter()
    for some in numbers:
        added.update(some)
    return dict(added)
