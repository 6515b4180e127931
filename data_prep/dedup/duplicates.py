"""Finds duplicate documents and lines before a build begins.

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
import functools
import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from data_prep import corpus
from data_prep.builds import workers
from data_prep.builds.workers import Progress
from data_prep.dedup import dedup_filter, near_duplicates
from data_prep.dedup.dedup_filter import DOCUMENTS, LINES, NEAR
from data_prep.sources.data_issues import DataIssues
from electra_tf.io import files

HASH_BYTES = 8
HASHES_AT_A_TIME = 1 << 22
_HASH_RANGE = 1 << 64
_NOTHING = np.zeros(0, np.uint64)


def find_all(config, jobs: Sequence) -> None:
    """Write what is to be left out of each job, as the settings want it.

    What an earlier run of the build has found is not looked for again.

    Raises:
        UserError: Near duplicates are wanted and cannot be looked for.
    """
    for kind in wanted_by(config):
        places = (dedup_filter.numbers_file(job, kind) for job in jobs)
        found = map(files.exists, places)
        if not all(found):
            _find(kind, config, jobs)


def wanted_by(config) -> list[str]:
    """Return the kinds of duplicates to find, in order; errors as above."""
    wanted = {
        DOCUMENTS: config.drop_duplicate_documents,
        NEAR: config.drop_near_duplicates is not None,
        LINES: config.drop_duplicate_lines,
    }
    if wanted[NEAR]:
        near_duplicates.bands(config.drop_near_duplicates)
    return [kind for kind in wanted if wanted[kind]]


def _find(kind: str, config, jobs: Sequence) -> None:
    print(f"Looking for duplicates: {kind}", flush=True)
    missing = [j for j in jobs if not files.exists(_survey_of(j, kind))]
    total, left = (sum(job.bytes for job in some) for some in (jobs, missing))
    if missing:
        survey = functools.partial(_survey, kind)
        workers.run_all(survey, config, missing, Progress(total, left))
    surveys = [_survey_of(job, kind) for job in jobs]
    with files.at_hand(surveys) as here:
        found = FINDERS[kind](config, here)
    for job, numbers in zip(jobs, found, strict=True):
        dedup_filter.save_numbers(job, kind, numbers)
    for path in surveys:
        files.remove(path)


# ---- Surveys of the jobs' text -----------------------------------------------


def _survey_of(job, kind: str) -> str:
    return os.path.join(job.folder, f"survey-{kind}-{job.number}.npy")


def _survey(kind: str, config, job, progress: Progress) -> None:
    """Write the hashes or signatures of a job's documents or lines."""
    values = FINGERPRINTS[kind](config, job, progress)
    if kind != NEAR:
        values = sorted_hashes(values)
    path = _survey_of(job, kind)
    with files.writing(path) as unfinished, unfinished.open("wb") as file:
        np.save(file, values, allow_pickle=False)


def document_hashes(config, job, progress: Progress) -> Iterator[int]:
    """Yield the hashes of a job's documents."""
    return map(_hash, _documents(config, job, progress))


def line_hashes(config, job, progress: Progress) -> Iterator[int]:
    """Yield the hashes of the lines of the documents that are kept."""
    kept = dedup_filter.DedupFilter(dedup_filter.dropped_documents(job))
    for document in kept(_documents(config, job, progress)):
        for line in document:
            yield _hash([line])


def signatures(config, job, progress: Progress) -> np.ndarray:
    """Return the signatures of a job's documents, zeros for those dropped."""
    numbers = dedup_filter.load_numbers(job, DOCUMENTS)
    dropped = dedup_filter.Dropped(numbers)
    return near_duplicates.signatures(
        document if not dropped() else None
        for document in map(list, _documents(config, job, progress))
    )


FINGERPRINTS = {
    DOCUMENTS: document_hashes,
    NEAR: signatures,
    LINES: line_hashes,
}


def _documents(config, job, progress: Progress) -> Iterator[Iterable[str]]:
    return corpus.documents_of(
        job.units, config, DataIssues(), lambda size: progress.add(size, 0)
    )


def _hash(lines: Iterable[str]) -> int:
    digest = hashlib.blake2b(digest_size=HASH_BYTES)
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return int.from_bytes(digest.digest(), "little")


def sorted_hashes(hashes: Iterable[int]) -> np.ndarray:
    """Return uint64 `(2, number)`: hashes in their order, and their places."""
    numbers = array.array(dedup_filter.NUMBERS, hashes)
    unsorted = np.frombuffer(numbers, np.uint64)
    places = np.argsort(unsorted, kind="stable")
    return np.stack([unsorted[places], places.astype(np.uint64)])


# ---- Comparing all surveys ---------------------------------------------------


def _find_equal(config, paths: Sequence[str]) -> list[np.ndarray]:
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
    DOCUMENTS: _find_equal,
    NEAR: near_duplicates.find,
    LINES: _find_equal,
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
    """Mark hashes that have come before.

    >>> _later_ones(np.array([7, 5, 7, 7, 5])).tolist()
    [False, False, True, True, True]
    """
    order = np.argsort(hashes, kind="stable")
    again = np.zeros(hashes.size, bool)
    again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    return again
