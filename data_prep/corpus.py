"""Text files, cut into pieces that can be worked on independently.

The pieces depend on the files and the settings, never on how many processes
work on them, so that a build gives the same records on every machine.
"""

import datetime
import hashlib
import heapq
import itertools
import mmap
import os
import pathlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

BYTES_PER_BLOCK = 1 << 20
BYTES_PER_JOB = 4_000_000
MAX_JOBS = 256
# A job's text comes from about so many places of the corpus.
UNITS_PER_JOB = 4
SMALLEST_UNIT = 250_000

_BLANK_LINE = re.compile(rb"\n[ \t\r]*\n")


class Unit(NamedTuple):
    """Whole documents: a file, or the bytes from start to end of one."""

    path: str
    start: int
    end: int

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.end - self.start


class SourceFile(NamedTuple):
    """A file of the corpus: its path below the corpus folder, and its size."""

    name: str
    bytes: int


def list_files(corpus_dir: str) -> list[SourceFile]:
    """Return all files below a folder that are not empty, in order.

    Hidden files (their name starts with a dot) are passed over.

    Raises:
        FileNotFoundError: There is no such folder, or no text in it.
    """
    root = pathlib.Path(corpus_dir)
    if not root.is_dir():
        raise FileNotFoundError(
            f"No folder of text files at {corpus_dir}. Expected a folder with"
            " plain text files, one sentence or paragraph a line."
        )
    paths = (path for path in root.rglob("*") if path.is_file())
    files = [
        SourceFile(path.relative_to(root).as_posix(), path.stat().st_size)
        for path in paths
        if not any(p.startswith(".") for p in path.relative_to(root).parts)
    ]
    files = sorted(file for file in files if file.bytes)
    if not files:
        raise FileNotFoundError(f"{corpus_dir} holds no file with any text.")
    return files


def fingerprint(files: Sequence[SourceFile]) -> str:
    """Return a short name for a list of files and sizes."""
    listing = "\n".join(f"{file.name}\t{file.bytes}" for file in files)
    return hashlib.sha256(listing.encode("utf-8", "replace")).hexdigest()[:16]


def last_change(corpus_dir: str, files: Sequence[SourceFile]) -> str:
    """Return when the youngest of some files was changed last."""
    changes = (
        os.stat(os.path.join(corpus_dir, file.name)).st_mtime for file in files
    )
    return datetime.datetime.fromtimestamp(
        max(changes), datetime.timezone.utc
    ).isoformat()


def deal_out(
    corpus_dir: str,
    files: Sequence[SourceFile],
    num_files: int,
    split_at_blank_lines: bool,
    seed: int,
) -> list[list[Unit]]:
    """Return the units of each job, so that output files get equal shares.

    Args:
        corpus_dir: The folder the files are in.
        files: What `list_files` found.
        num_files: Number of output files; there are no more jobs than those.
        split_at_blank_lines: Whether large files may be split there.
        seed: Of the order of the units.
    """
    total = sum(file.bytes for file in files)
    num_jobs = max(1, min(total // BYTES_PER_JOB, num_files, MAX_JOBS))
    target = max(SMALLEST_UNIT, total // num_jobs // UNITS_PER_JOB)
    units = []
    for file in files:
        whole = Unit(os.path.join(corpus_dir, file.name), 0, file.bytes)
        splits = split_at_blank_lines and file.bytes >= 2 * target
        units += split(whole, target) if splits else [whole]
    rng = random.Random(f"order {seed}")
    rng.shuffle(units)
    jobs = _balanced(units, num_jobs, num_files)
    for job in jobs:
        rng.shuffle(job)
    return jobs


def sample(
    corpus_dir: str, files: Sequence[SourceFile], size: float, seed: int
) -> list[Unit]:
    """Return units from all over the corpus, of about `size` bytes."""
    units = []
    for file in files:
        whole = Unit(os.path.join(corpus_dir, file.name), 0, file.bytes)
        units += split(whole, BYTES_PER_BLOCK)
    random.Random(f"sample {seed}").shuffle(units)
    before = itertools.accumulate((u.bytes for u in units), initial=0)
    return [u for u, start in zip(units, before, strict=False) if start < size]


def _balanced(
    units: list[Unit], num_jobs: int, num_files: int
) -> list[list[Unit]]:
    """Give each unit, the largest first, to the job whose files have least."""
    jobs: list[list[Unit]] = [[] for _ in range(num_jobs)]
    files_of = [len(range(j, num_files, num_jobs)) for j in range(num_jobs)]
    loads = [(0.0, number) for number in range(num_jobs)]
    for unit in sorted(units, key=lambda unit: -unit.bytes):
        load, number = heapq.heappop(loads)
        jobs[number].append(unit)
        added = unit.bytes / files_of[number]
        heapq.heappush(loads, (load + added, number))
    return jobs


def split(whole: Unit, target: int) -> list[Unit]:
    """Split a file at blank lines, into units of `target` bytes or more."""
    cuts = [whole.start]
    with (
        open(whole.path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        while cuts[-1] + 2 * target <= whole.end:
            blank = _BLANK_LINE.search(content, cuts[-1] + target)
            if blank is None or blank.end() >= whole.end:
                break
            cuts.append(blank.end())
    return [
        Unit(whole.path, start, end)
        for start, end in itertools.pairwise([*cuts, whole.end])
    ]


def lines_of(
    unit: Unit, on_block: Callable[[int, int], None] | None = None
) -> Iterator[str]:
    """Yield the lines of a unit, without the white space around them.

    Only a line feed ends a line. Bytes that are not UTF-8 become U+FFFD,
    which the tokenizer drops.

    Args:
        unit: What to read.
        on_block: Called after every piece that was read, with its number of
            bytes and of lines that were not UTF-8.
    """
    for block in _blocks(unit):
        lines, undecodable = _decode(block)
        yield from lines
        if on_block is not None:
            on_block(len(block), undecodable)


def _blocks(unit: Unit) -> Iterator[bytes]:
    """Yield the unit's bytes in blocks that end where a line ends."""
    with open(unit.path, "rb") as file:
        file.seek(unit.start)
        left = unit.bytes
        while left > 0:
            block = file.read(min(BYTES_PER_BLOCK, left))
            if not block:
                raise ValueError(
                    f"{unit.path} became shorter while it was read. Build"
                    " again when nothing writes to the corpus."
                )
            left -= len(block)
            if left > 0 and not block.endswith(b"\n"):
                rest = file.readline(left)
                left -= len(rest)
                block += rest
            yield block


def _decode(block: bytes) -> tuple[list[str], int]:
    """Return the stripped lines, and how many were not UTF-8."""
    block = block.removesuffix(b"\n")
    try:
        lines = block.decode("utf-8").split("\n")
        return [line.strip() for line in lines], 0
    except UnicodeDecodeError:
        pass
    lines, undecodable = [], 0
    for raw in block.split(b"\n"):
        line = raw.decode("utf-8", "replace")
        undecodable += "\ufffd" in line and line.encode("utf-8") != raw
        lines.append(line.strip())
    return lines, undecodable
