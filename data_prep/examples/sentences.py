"""Sentences: lines cut into them, and the ids of those of many documents.

Lines are cut by the rules of Unicode (icu4py), which hold for all scripts: a
sentence ends after its full stop, question or exclamation mark in whatever
form, unless what follows begins in lower case. ICU has lists of abbreviations
that end none, in some languages.

Source: https://www.unicode.org/reports/tr29/#Sentence_Boundaries
"""

import functools
import itertools
import locale
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from data_prep.command_line import not_installed
from data_prep.examples.example_builder import RandomInputs, random_inputs_of
from electra_tf.errors import UserError

# Enough for the arrays of an encoder, and few enough for a processor's cache.
CHARACTERS_AT_ONCE = 1 << 15

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_BEYOND_FIRST_PLANE = "\U0001f600"
_UTF_16 = "utf-16-le"
_BYTES_PER_UNIT = 2

# What a locale may say of abbreviations.
_ENDS = ({}, {"ss": "standard"}, {"ss": "none"})

Encode = Callable[[Sequence[str]], list[str]]


def _breaker():
    try:
        from icu4py.breakers import SentenceBreaker
    except ImportError:
        flag = "--split_sentences"
        raise not_installed(flag, "icu4py", "sentences") from None
    return SentenceBreaker


def check(name: str) -> None:
    """Raise a `UserError` unless sentences can be told apart by a locale.

    ICU takes any name, and goes by root's rules where it knows none.
    """
    _breaker()
    from icu4py.locale import Locale

    found = Locale(name)
    language, ends = found.language, found.extensions
    known = {alias.partition("_")[0][:2] for alias in locale.locale_alias}
    right = name == "root" or (
        language in known or (len(language) == 3 and language.isalpha())
    )
    if not right or found.variant or ends not in _ENDS:
        raise UserError(
            "--split_sentences must be root, a language as in en or de_AT, or"
            " one with its abbreviations as in en-u-ss-standard. Received:"
            f" {name!r}."
        )


def split_lines(lines: Iterable[str], name: str) -> Iterator[str]:
    """Yield the sentences of lines, without the white space around them.

    No sentence goes on in the next line. A locale is "root", "en" or
    "de-u-ss-standard", say.

    >>> lines = ["Is he lost? Mr. Fox is.", "\u8ff7\u3002\u8def\u3002"]
    >>> list(split_lines(lines, "en-u-ss-standard"))
    ['Is he lost?', 'Mr. Fox is.', '\u8ff7\u3002', '\u8def\u3002']
    """
    split = _splitter(name)
    for line in lines:
        yield from filter(None, map(str.strip, split(line)))


@functools.cache
def _splitter(name: str) -> Callable[[str], list[str]]:
    breaker = _breaker()
    # Versions of icu4py differ in whether they count characters or the units
    # of UTF-16, of which some characters have two.
    ((_, size),) = breaker(_BEYOND_FIRST_PLANE, name).segments()
    counts_units = size > 1

    def split(line: str) -> list[str]:
        # ICU takes no halves of characters, which JSON may have.
        whole = _SURROGATE.sub(_REPLACEMENT, line)
        segments = breaker(whole, name).segments()
        if counts_units and max(line, default="") >= "\U00010000":
            units = line.encode(_UTF_16, "surrogatepass")
            return [
                units[_BYTES_PER_UNIT * a : _BYTES_PER_UNIT * b].decode(
                    _UTF_16, "surrogatepass"
                )
                for a, b in segments
            ]
        return [line[a:b] for a, b in segments]

    return split


def encode_documents(
    documents: Iterable[Iterable[str]], encode: Encode, seed: int
) -> Iterator[tuple[RandomInputs, Iterator[str]]]:
    """Yield the random inputs of each document, and the ids of its lines.

    The latter are to be used up before the next document is asked for. A
    document without a line has one without ids.

    >>> encode = lambda lines: list(map(str.upper, lines))
    >>> found = encode_documents([["a", "b"], [], ["c"]], encode, seed=0)
    >>> [list(sentences) for _, sentences in found]
    [['A', 'B'], [''], ['C']]
    """
    sentences = _encoded(_lines(documents, seed), encode)
    for inputs, group in itertools.groupby(sentences, operator.itemgetter(0)):
        yield inputs, map(operator.itemgetter(1), group)


def _lines(documents, seed) -> Iterator[tuple[RandomInputs, str]]:
    """Yield all lines, each with the random inputs of its document."""
    for document in documents:
        inputs, lines = random_inputs_of(document, seed)
        is_empty = True
        for line in lines:
            is_empty = False
            yield inputs, line
        if is_empty:
            yield inputs, ""


def _encoded(lines, encode: Encode) -> Iterator[tuple[RandomInputs, str]]:
    """Put the ids of each line in its place."""
    waiting, size = [], 0
    for line in lines:
        waiting.append(line)
        size += len(line[1])
        if size >= CHARACTERS_AT_ONCE:
            yield from _encoded_at_once(waiting, encode)
            waiting, size = [], 0
    yield from _encoded_at_once(waiting, encode)


def _encoded_at_once(
    lines, encode: Encode
) -> Iterator[tuple[RandomInputs, str]]:
    encoded = encode([line for _, line in lines])
    for (inputs, _), ids in zip(lines, encoded, strict=True):
        yield inputs, ids
