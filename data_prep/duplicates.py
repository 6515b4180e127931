"""Finds documents and lines that come again, before a build is begun.

Each job writes the hashes of what it reads to a file, in order of the hashes.
The files are then gone through together, a range of hashes at a time; of
equal ones the first stays, in the order of the jobs and within them. So it
depends on no number of processes, and neither memory nor time explodes:

    memory: `HASHES_AT_A_TIME`, and 8 bytes for each duplicate found; in a
        worker 24 bytes for each document or line of its job
    disk: 16 bytes for each document or line, until they have been compared

Equal means having the same 64-bit hash. Of a thousand million different lines
two have with a probability of 3 %, and one of them is then left out.
"""

import array
import hashlib
import math
import pathlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from data_prep import near_duplicates, removal, workers
from data_prep.documents import documents_of
from data_prep.progress import Progress
from data_prep.sources.findings import Findings
from electra_tf.io import files

HASH_BYTES = 8
HASHES_AT_A_TIME = 1 << 22
_HASH_RANGE = 1 << 64
_NOTHING = np.zeros(0, np.uint64)


# ---- What a build needs ------------------------------------------------------


def find_all(config, jobs: Sequence) -> None:
    """Write what is to be left out of each job, as the settings want it.

    What an earlier run of the build has found is not looked for again.

    Raises:
        ValueError: Near duplicates are wanted, and datasketch is missing.
    """
    for kind in wanted_by(config):
        if not all(removal.path_of(job, kind).exists() for job in jobs):
            _find(kind, config, jobs)


def wanted_by(config) -> list[str]:
    """Return what kinds of duplicates are to be found, in order.

    Raises:
        ValueError: Near duplicates are wanted, and datasketch is missing.
    """
    wanted = {
        removal.DOCUMENTS: config.drop_duplicate_documents,
        removal.NEAR: config.drop_near_duplicates is not None,
        removal.LINES: config.drop_duplicate_lines,
    }
    if wanted[removal.NEAR]:
        near_duplicates.check_installed()
    return [kind for kind in wanted if wanted[kind]]


def _find(kind: str, config, jobs: Sequence) -> None:
    print(f"Looking for duplicates: {kind}", flush=True)
    missing = [job for job in jobs if not survey_of(job, kind).exists()]
    total, left = (sum(job.bytes for job in some) for some in (jobs, missing))
    if missing:
        progress = Progress(workers.CONTEXT, total, total - left)
        workers.run_all(SURVEYS[kind], config, missing, progress)
    surveys = [survey_of(job, kind) for job in jobs]
    found = FINDERS[kind](config, surveys)
    for job, numbers in zip(jobs, found, strict=True):
        removal.save_numbers(removal.path_of(job, kind), numbers)
    for path in surveys:
        path.unlink()


def survey_of(job, kind: str) -> pathlib.Path:
    """Return the file of what a job found out about its text."""
    return pathlib.Path(job.folder, f"survey-{kind}-{job.number}.npy")


# ---- What a job finds out ----------------------------------------------------


def document_hashes(config, job, progress: Progress) -> Iterator[int]:
    """Yield the hashes of a job's documents."""
    return map(_hash, _texts(config, job, progress))


def line_hashes(config, job, progress: Progress) -> Iterator[int]:
    """Yield the hashes of the lines of the documents that are kept."""
    kept = removal.Kept(removal.documents_of(job))
    for document in kept(_texts(config, job, progress)):
        for line in document:
            yield _hash([line])


def signatures(config, job, progress: Progress) -> np.ndarray:
    """Return the signatures of a job's documents, zeros for those dropped."""
    dropped = removal.Dropped(
        removal.load_numbers(removal.path_of(job, removal.DOCUMENTS))
    )
    return near_duplicates.signatures(
        document if not dropped() else None
        for document in map(list, _texts(config, job, progress))
    )


def survey_documents(config, job, progress: Progress) -> None:
    """Write the hashes of a job's documents."""
    hashes = document_hashes(config, job, progress)
    _save_hashes(survey_of(job, removal.DOCUMENTS), hashes)


def survey_lines(config, job, progress: Progress) -> None:
    """Write the hashes of a job's lines."""
    hashes = line_hashes(config, job, progress)
    _save_hashes(survey_of(job, removal.LINES), hashes)


def survey_near(config, job, progress: Progress) -> None:
    """Write the signatures of a job's documents."""
    path = survey_of(job, removal.NEAR)
    _save_array(path, signatures(config, job, progress))


SURVEYS = {
    removal.DOCUMENTS: survey_documents,
    removal.NEAR: survey_near,
    removal.LINES: survey_lines,
}


def _texts(config, job, progress: Progress) -> Iterator[Iterable[str]]:
    return documents_of(
        job.units, config, Findings(), lambda size: progress.add(size, 0)
    )


def _hash(lines: Iterable[str]) -> int:
    digest = hashlib.blake2b(digest_size=HASH_BYTES)
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return int.from_bytes(digest.digest(), "little")


def _save_hashes(path: pathlib.Path, hashes: Iterable[int]) -> None:
    """Save uint64 `(2, number)`: hashes in their order, and their places."""
    unsorted = np.frombuffer(array.array(removal.NUMBERS, hashes), np.uint64)
    places = np.argsort(unsorted, kind="stable")
    _save_array(path, np.stack([unsorted[places], places.astype(np.uint64)]))


def _save_array(path: pathlib.Path, values: np.ndarray) -> None:
    with files.unfinished(path).open("wb") as file:
        np.save(file, values, allow_pickle=False)
    files.finish(path)


# ---- What is equal -----------------------------------------------------------


def _find_equal(config, paths: Sequence[pathlib.Path]) -> list[np.ndarray]:
    """Return the places of what is to be left out, for each file."""
    surveys = [np.load(path, mmap_mode="r") for path in paths]
    found: list[list[np.ndarray]] = [[] for _ in paths]
    for low, high in _ranges(sum(survey.shape[1] for survey in surveys)):
        parts = [_between(survey, low, high) for survey in surveys]
        hashes, places = np.concatenate(parts, axis=1)
        owners = np.repeat(
            np.arange(len(parts)), [part.shape[1] for part in parts]
        )
        later = _later_ones(hashes)
        for number in np.unique(owners[later]):
            found[number].append(places[later & (owners == number)])
    return [np.sort(np.concatenate([*some, _NOTHING])) for some in found]


FINDERS = {
    removal.DOCUMENTS: _find_equal,
    removal.NEAR: near_duplicates.find,
    removal.LINES: _find_equal,
}


def _ranges(number: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of hashes that hold about as many each."""
    parts = math.ceil(number / HASHES_AT_A_TIME)
    for part in range(parts):
        yield _HASH_RANGE * part // parts, _HASH_RANGE * (part + 1) // parts


def _between(survey: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return the columns whose hashes lie from low to below high."""
    first = np.searchsorted(survey[0], np.uint64(low))
    last = np.searchsorted(survey[0], np.uint64(high - 1), side="right")
    return survey[:, first:last]


def _later_ones(hashes: np.ndarray) -> np.ndarray:
    """Mark those that have come before.

    >>> _later_ones(np.array([7, 5, 7, 7, 5])).tolist()
    [False, False, True, True, True]
    """
    order = np.argsort(hashes, kind="stable")
    again = np.zeros(hashes.size, bool)
    again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    return again
