"""Kinds of characters, as regular expressions of TensorFlow (RE2)."""

import sys
from collections.abc import Callable, Iterator


def characters() -> Iterator[str]:
    """Yield all characters that can be in a text of UTF-8, by code."""
    # Halves of surrogate pairs are in none.
    return (
        chr(code)
        for code in range(sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000
    )


def character_class(belongs: Callable[[str], bool]) -> str:
    r"""Return the inside of a regular expression's [...] for characters.

    >>> character_class(lambda c: c in "abcx")
    '\\x{61}-\\x{63}\\x{78}-\\x{78}'
    """
    ranges: list[list[int]] = []
    for code in map(ord, filter(belongs, characters())):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\x{{{a:x}}}-\x{{{b:x}}}" for a, b in ranges)
