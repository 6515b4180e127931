"""The text of a build, cut into pieces that can be worked on independently.

The pieces depend on the files and the settings, never on how many processes
work on them, so that a build gives the same records on every machine.
"""

import contextlib
import datetime
import hashlib
import heapq
import itertools
import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence

from data_prep.dataset_config import CorpusConfig, PretrainingDatasetConfig
from data_prep.examples import sentences
from data_prep.sources import formats, tfds
from data_prep.sources.data_issues import DataIssues
from data_prep.sources.lines import COMPRESSED, kind_of_no_text
from data_prep.sources.unit import Reading, SourceFile, Unit
from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import files as io_files
from electra_tf.io import listing

STANDARD_INPUT = "-"
BYTES_PER_READ = 1 << 20
BYTES_PER_JOB = 4_000_000
# With more text there are so many jobs, until each has as much as it should.
MAX_JOBS = 256
MOST_BYTES_PER_JOB = 256_000_000
# A job's text comes from about so many places of the corpus; with 4 of them
# batches are twice as uneven (tests/data_prep/test_shuffling.py).
UNITS_PER_JOB = 16
SMALLEST_UNIT = 250_000
BYTES_PER_SAMPLE = 1 << 20
MOST_NAMED = 5  # Files that changed, in a message.
_HIDDEN = (
    " Hidden files, whose names begin with a dot, are passed over; give them"
    " other names."
)


def list_files(config: CorpusConfig) -> list[SourceFile]:
    """Return all files of a corpus, in order, but hidden ones.

    Raises OSError if there are none, all are empty, or one cannot be read.
    """
    if config.tfds_name is not None:
        formats.check_effect(config, {tfds.FORMAT})
        return [tfds.find(config)]
    root, found = listing.find(config.corpus_dir)
    files = []
    for path, size in found:
        name = path.removeprefix(root).lstrip("/")
        kind = formats.format_of(path, config)
        files.append(SourceFile(kind, path, name, size))
    if not any(file.bytes for file in files):
        hidden = "" if found else _HIDDEN
        raise FileNotFoundError(
            f"{config.corpus_dir} holds no file with any text.{hidden}"
        )
    formats.check_effect(config, {file.format for file in files})
    return files


def check_apart(
    config: CorpusConfig, flag: str, path: str, *names: str
) -> None:
    """Raise UserError where builds would take what a flag names for text.

    Args:
        config: What text to read.
        flag: The flag.
        path: A file or folder.
        names: Files that the folder has or will have.
    """
    place = config.corpus_dir
    if place in (None, STANDARD_INPUT):
        return
    paths = [path, *(os.path.join(path, name) for name in names)]
    if any(listing.takes(place, one) for one in paths):
        raise UserError(
            f"{flag}={path} is within --corpus_dir={place}, itself or by a"
            " link; the next build would take it for text. Give another one."
        )


def fingerprint(files: Sequence[SourceFile]) -> str:
    """Return a short name for a list of files and sizes."""
    names = "\n".join(f"{file.name}\t{file.bytes}" for file in files)
    return hashlib.sha256(names.encode("utf-8", "replace")).hexdigest()[:16]


def last_change(files: Sequence[SourceFile]) -> str:
    """Return when the youngest file was changed; TFDS has versions instead."""
    changes = [
        io_files.last_change(file.path)
        for file in files
        if file.format != tfds.FORMAT
    ]
    youngest, utc = max(changes, default=0), datetime.timezone.utc
    return datetime.datetime.fromtimestamp(youngest, utc).isoformat()


def states_of(files: Sequence[SourceFile]) -> dict[str, str]:
    """Return size and time of each file; a set of TFDS does not change."""
    return {
        file.path: _state(file.path)
        for file in files
        if file.format != tfds.FORMAT
    }


def _state(path: str) -> str:
    try:
        size = io_files.size(path)
        if size is None:
            return "gone"
        return f"{size} bytes, changed at {io_files.last_change(path)}"
    except OSError as error:
        return str(error)


def check_unchanged(
    files: Sequence[SourceFile], before: dict[str, str]
) -> None:
    """Raise a `UserError` when files are not as they were before."""
    now = states_of(files)
    changes = [
        f"  {path}: {before[path]} before; {now[path]} after"
        for path in before
        if before[path] != now[path]
    ]
    more = len(changes) - MOST_NAMED
    if changes:
        raise UserError(
            f"{len(changes)} files of text changed while they were read:\n"
            + "\n".join(changes[:MOST_NAMED])
            + f"\n  and {more} more" * (more > 0)
            + "\nThe records may be of neither state, and are not kept. "
            "Build again when nothing writes to the text."
        )


@contextlib.contextmanager
def standard_input_as_file(config: CorpusConfig) -> Iterator[CorpusConfig]:
    """Return settings that read a copy of standard input, if that is asked.

    So it can be split and read by several processes as any other text. The
    copy is there until the context is left. Its name has a checksum of the
    text, which tells builds apart; errors speak of standard input.

    Raises:
        FileNotFoundError: It is empty.
        UserError: It is closed or compressed.
    """
    if config.corpus_dir != STANDARD_INPUT:
        yield config
        return
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        stdin = command_line.standard("stdin")
        path = _copy(stdin.buffer, folder)
        _check_unpacked(path)
        try:
            yield config.replace(corpus_dir=path)
        except UserError as error:
            if path not in str(error):
                raise
            told = str(error).replace(path, "standard input")
            raise UserError(told[:1].upper() + told[1:]) from None


def _copy(stream, folder: str) -> str:
    checksum = hashlib.sha256()
    path = os.path.join(folder, "stdin")
    with open(path, "wb") as file:
        while block := stream.read(BYTES_PER_READ):
            checksum.update(block)
            file.write(block)
    if not os.path.getsize(path):
        raise FileNotFoundError(
            "Standard input is empty. Pipe text into this program, or give"
            " another --corpus_dir."
        )
    named = f"{path}-{checksum.hexdigest()[:16]}"
    # The same text counts as unchanged.
    os.utime(path, (0, 0))
    os.rename(path, named)
    return named


def _check_unpacked(path: str) -> None:
    """Raise UserError for compressed input, which only a name would tell."""
    with open(path, "rb") as file:
        found = kind_of_no_text(file, may_have_marks=True)
    if found and found[0].startswith(COMPRESSED):
        raise UserError(
            f"Standard input is {found[0]}. Unpack it on its way here."
        )


def deal_out(
    files: Sequence[SourceFile], num_files: int, config: CorpusConfig, seed: int
) -> list[list[Unit]]:
    """Return the units of each job, so that output files get equal shares.

    There are no more jobs than output files. The seed is that of the units'
    order.
    """
    total = sum(file.bytes for file in files)
    most = max(MAX_JOBS, total // MOST_BYTES_PER_JOB)
    num_jobs = max(1, min(total // BYTES_PER_JOB, num_files, most))
    target = max(SMALLEST_UNIT, total // num_jobs // UNITS_PER_JOB)
    units = _cut(files, target, config)
    rng = random.Random(f"order {seed}")
    rng.shuffle(units)
    jobs = _balanced(units, num_jobs, num_files)
    for job in jobs:
        rng.shuffle(job)
    return jobs


def sample(
    files: Sequence[SourceFile], size: float, config: CorpusConfig, seed: int
) -> list[Unit]:
    """Return units from all over the corpus, of about `size` bytes."""
    units = _cut(files, BYTES_PER_SAMPLE, config)
    random.Random(f"sample {seed}").shuffle(units)
    before = itertools.accumulate((u.bytes for u in units), initial=0)
    return [u for u, start in zip(units, before, strict=False) if start < size]


def _cut(files, target: int, config: CorpusConfig) -> list[Unit]:
    return [
        unit
        for file in files
        for unit in formats.FORMATS[file.format].cut(file, target, config)
    ]


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


def documents_of(
    units: Sequence[Unit],
    config: PretrainingDatasetConfig,
    issues: DataIssues,
    on_read: Callable[[int], None],
) -> Iterator[Iterable[str]]:
    """Yield documents; `on_read` gets numbers of bytes, in sum the units'."""
    left = 0

    def on_some_read(size: int) -> None:
        nonlocal left
        # Files are read in blocks, and those of Parquet partly twice.
        size = min(size, left)
        left -= size
        on_read(size)

    reading = Reading(config, issues, on_some_read)
    for unit in units:
        left = unit.bytes
        for lines in formats.documents(unit, reading):
            if config.split_sentences is not None:
                lines = sentences.split_lines(lines, config.split_sentences)
            yield lines
        on_some_read(left)
