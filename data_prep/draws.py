"""The random draws of a document, from the seed and the document alone.

A document is known by how it begins. So its examples, and whether it is held
out, depend neither on the documents before it, nor on the file it is in, nor
on the job or the machine that works on it. Copies of a document are drawn
alike; they are never held out on one side and trained on on the other.
"""

import hashlib
import itertools
import struct
from collections.abc import Iterable, Iterator

# A document may be a whole file, and is not held in memory. Those that begin
# with so many equal characters have equal draws.
CHARACTERS_OF_BEGINNING = 100_000

_NUMBERS = struct.Struct("<8Q")
# The bits of a float's fraction.
_PRECISION = 53
_UNUSED_BITS = 64 - _PRECISION


class Draws:
    """Random numbers made of a digest, always the same ones.

    They do not change with the version of Python, as those of `random` might.

    Args:
        digest: 64 bytes. They are the first numbers; their digest is the
            next ones, and so on.

    >>> draws = Draws(hashlib.blake2b(b"the king").digest())
    >>> [round(draws.random(), 4) for _ in range(9)]
    [0.6069, 0.5435, 0.5042, 0.1292, 0.5988, 0.0978, 0.3156, 0.112, 0.5449]
    """

    def __init__(self, digest: bytes):
        self._numbers = _numbers(digest)

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return next(self._numbers)

    def randint(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self.random() * (high - low + 1))


def _numbers(digest: bytes) -> Iterator[float]:
    while True:
        for number in _NUMBERS.unpack(digest):
            yield (number >> _UNUSED_BITS) / (1 << _PRECISION)
        digest = hashlib.blake2b(digest).digest()


def of_document(lines: Iterable[str], seed: int) -> tuple[Draws, Iterable[str]]:
    """Return the draws of a document, and its lines for further use.

    Args:
        lines: Those of the document; some of them are read.
        seed: That of the build.

    >>> draws, lines = of_document(["the king", "is lost"], seed=0)
    >>> again, _ = of_document(lines, seed=0)
    >>> draws.random() == again.random()
    True
    """
    lines = iter(lines)
    beginning, size = [], 0
    for line in lines:
        beginning.append(line)
        size += len(line)
        if size >= CHARACTERS_OF_BEGINNING:
            break
    text = "\n".join(beginning)[:CHARACTERS_OF_BEGINNING]
    key = hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"),
        key=str(seed).encode(),
    )
    return Draws(key.digest()), itertools.chain(beginning, lines)
