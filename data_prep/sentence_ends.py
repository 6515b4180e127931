"""Lines cut into sentences, by the rules of Unicode (icu4py).

They hold for all scripts: a sentence ends after its full stop, question or
exclamation mark in whatever form, unless what follows begins in lower case.
ICU has lists of abbreviations that end none, in some languages.

Source: https://www.unicode.org/reports/tr29/#Sentence_Boundaries
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator

from electra_tf.errors import UserError

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_BEYOND_FIRST_PLANE = "\U0001f600"
_UTF_16 = "utf-16-le"
_BYTES_PER_UNIT = 2


def _breaker():
    try:
        from icu4py.breakers import SentenceBreaker
    except ImportError:
        raise UserError(
            "--split_sentences needs the package icu4py, which is not"
            " installed. Install it (`pip install 'electra_tf[sentences]'`), or"
            " leave the flag out."
        ) from None
    return SentenceBreaker


def check_installed() -> None:
    """Raise ValueError unless sentences can be told apart."""
    _breaker()


def of_lines(lines: Iterable[str], locale: str) -> Iterator[str]:
    """Yield the sentences of lines, without the white space around them.

    Args:
        lines: A sentence does not go on in the next one.
        locale: Such as "root", "en" or "de-u-ss-standard".

    >>> list(of_lines(["Is he lost? Mr. Fox is.", "\u8ff7\u3002\u8def\u3002"],
    ...               "en-u-ss-standard"))
    ['Is he lost?', 'Mr. Fox is.', '\u8ff7\u3002', '\u8def\u3002']
    """
    split = _splitter(locale)
    for line in lines:
        yield from filter(None, map(str.strip, split(line)))


@functools.cache
def _splitter(locale: str) -> Callable[[str], list[str]]:
    breaker = _breaker()
    # Versions of icu4py differ in whether they count characters or the units
    # of UTF-16, of which some characters have two.
    ((_, size),) = breaker(_BEYOND_FIRST_PLANE, locale).segments()
    counts_units = size > 1

    def split(line: str) -> list[str]:
        # ICU takes no halves of characters, which JSON may have.
        whole = _SURROGATE.sub(_REPLACEMENT, line)
        segments = breaker(whole, locale).segments()
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
