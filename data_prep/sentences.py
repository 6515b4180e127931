"""The ids of documents' lines: many lines are encoded at once."""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence

from data_prep import draws
from data_prep.draws import Draws

# Enough for the arrays of an encoder, and few enough for a processor's cache.
CHARACTERS_AT_ONCE = 1 << 15

Encode = Callable[[Sequence[str]], list[str]]


def of_documents(
    documents: Iterable[Iterable[str]], encode: Encode, seed: int
) -> Iterator[tuple[Draws, Iterator[str]]]:
    """Yield the draws of each document, and the ids of its lines.

    The latter are to be used up before the next document is asked for. A
    document without a line has one without ids.

    Args:
        documents: Their lines.
        encode: Function from lines to the ids of each.
        seed: That of the build.

    >>> encode = lambda lines: list(map(str.upper, lines))
    >>> found = of_documents([["a", "b"], [], ["c"]], encode, seed=0)
    >>> [list(sentences) for draws, sentences in found]
    [['A', 'B'], [''], ['C']]
    """
    sentences = _encoded(_lines(documents, seed), encode)
    for drawn, group in itertools.groupby(sentences, operator.itemgetter(0)):
        yield drawn, map(operator.itemgetter(1), group)


def _lines(documents, seed) -> Iterator[tuple[Draws, str]]:
    """Yield all lines, each with the draws of its document."""
    for document in documents:
        drawn, lines = draws.of_document(document, seed)
        is_empty = True
        for line in lines:
            is_empty = False
            yield drawn, line
        if is_empty:
            yield drawn, ""


def _encoded(lines, encode: Encode) -> Iterator[tuple[Draws, str]]:
    """Put the ids of each line in its place."""
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line[1])
        if size >= CHARACTERS_AT_ONCE:
            yield from _encoded_at_once(waiting, encode)
            waiting, size = [], 0
    yield from _encoded_at_once(waiting, encode)


def _encoded_at_once(lines, encode: Encode) -> Iterator[tuple[Draws, str]]:
    encoded = encode([line for _, line in lines])
    for (drawn, _), ids in zip(lines, encoded, strict=True):
        yield drawn, ids
