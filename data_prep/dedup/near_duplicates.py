"""Finds documents that are almost the same, by MinHash (datasketch).

Documents are compared as sets of five words in a row; where there are no
blanks between words each character counts as one. Two that share more of
them than the threshold (Jaccard similarity, as estimated from 128 hashes) are
near duplicates. A document is left out if one before it is like it, whether
that one stays or not, so that pairs can be judged on different machines.

On one machine it takes 500 bytes of disk and about 6 kB of memory a document,
for all of the corpus, and one process compares.

Source: Broder, 1997, On the resemblance and containment of documents.
"""

import re
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from data_prep.command_line import not_installed
from electra_tf.errors import UserError
from electra_tf.text.scripts import UNIT

_UNIT = re.compile(UNIT)
NUM_HASHES = 128
WORDS_PER_SHINGLE = 5
SEED = 1
# How bad it is to compare what is not alike, and not to compare what is. Of
# those just alike enough the index then finds 80 to 92 %.
WEIGHTS = (0.1, 0.9)
SCHEME = "affine32"  # Of the hashes; named for datasketch to compare them.


def _datasketch():
    try:
        import datasketch
    except ImportError:
        flag = "--drop_near_duplicates"
        raise not_installed(flag, "datasketch", "dedup") from None
    return datasketch


def _index(threshold: float):
    """Return an empty index of signatures."""
    datasketch = _datasketch()
    try:
        return datasketch.MinHashLSH(threshold, NUM_HASHES, weights=WEIGHTS)
    except ValueError as error:
        raise UserError(
            f"--drop_near_duplicates={threshold} is too near to 1 ({error})."
            " Give less, such as 0.9; --drop_duplicate_documents finds those"
            " that are equal."
        ) from None


def signatures(documents: Iterable[Sequence[str] | None]) -> np.ndarray:
    """Return a signature of each document: uint32 `(documents, 128)`.

    Each is given as its lines; None gets zeros.
    """
    datasketch = _datasketch()
    first = datasketch.MinHash(
        NUM_HASHES, SEED, hashfunc=zlib.crc32, scheme=SCHEME
    )
    rows = []
    for document in documents:
        row = np.zeros(NUM_HASHES, np.uint32)
        if document is not None:
            sketch = first.copy()
            sketch.update_batch(shingles(document))
            row = sketch.hashvalues.astype(np.uint32)
        rows.append(row)
    return np.array(rows, np.uint32).reshape(-1, NUM_HASHES)


def shingles(document: Sequence[str]) -> list[bytes]:
    """Return all runs of five words; of fewer words, all of them.

    >>> shingles(["a b c", "d e f"])
    [b'a b c d e', b'b c d e f']
    >>> [s.decode() for s in shingles(["\u5317\u4eac\u5e02 a b", "c"])]
    ['\u5317 \u4eac \u5e02 a b', '\u4eac \u5e02 a b c']
    """
    words = _UNIT.findall(" ".join(document))
    last = max(1, len(words) - WORDS_PER_SHINGLE + 1)
    return [
        " ".join(words[i : i + WORDS_PER_SHINGLE]).encode(
            "utf-8", "surrogatepass"
        )
        for i in range(last)
    ]


def find(config, paths: Sequence[str]) -> list[list[int]]:
    """Return the places of what is to be left out, for each file."""
    datasketch = _datasketch()
    threshold = config.drop_near_duplicates
    seen = _index(threshold)
    files = [np.load(path, mmap_mode="r") for path in paths]
    found: list[list[int]] = [[] for _ in paths]
    for number, rows in enumerate(files):
        for place, row in enumerate(rows):
            if not row.any():
                continue
            sketch = datasketch.LeanMinHash(
                seed=SEED, hashvalues=row, scheme=SCHEME
            )
            before = (files[n][p] for n, p in seen.query(sketch))
            if any(are_alike(row, other, threshold) for other in before):
                found[number].append(place)
            seen.insert((number, place), sketch)
    return found


def are_alike(row: np.ndarray, other: np.ndarray, threshold: float) -> bool:
    """Return whether two signatures are those of near duplicates."""
    return bool(np.mean(row == other) >= threshold)


def bands(threshold: float) -> list[tuple[int, int]]:
    """Return parts of a signature: near duplicates have one in common.

    They are those by which `find` looks for them.

    Raises:
        UserError: There are none, or datasketch is not installed.
    """
    return _index(threshold).hashranges
