"""Tells text in UTF-16, UTF-32 or ISO-2022 from UTF-8. No TensorFlow."""

import codecs
import re

from electra_tf.errors import UserError

# Bytes that are looked at, where nothing else is read.
ENOUGH = 256
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # UTF-16's, and then zeros.
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
# What calls a set of characters of two bytes each, and which encoding does.
ESCAPE = b"\x1b$"
_ESCAPED = re.compile(rb"\x1b\$([@AB(]|\)[ACG])")
_MANY = 0.1
_SETS = {b")A": "ISO-2022-CN", b")G": "ISO-2022-CN", b")C": "ISO-2022-KR"}


def wide(begin: bytes) -> str:
    """Return which of the wide encodings bytes are in; "" for neither.

    Without a byte-order mark they show by the zeros that they have for each
    character of ASCII: one of two bytes, or three of four.

    Args:
        begin: the first bytes of a file, `ENOUGH` of them or more.

    >>> wide("a film".encode("utf-16")), wide("a film".encode("utf-16-le"))
    ('UTF-16', 'UTF-16LE')
    >>> wide("a film".encode("utf-32-be")), wide(b"a film"), wide(b"a\\0film")
    ('UTF-32BE', '', '')
    """
    for mark, name in _MARKS:
        if begin.startswith(mark):
            return name
    begin = begin[:ENOUGH]
    for size, name in ((4, "UTF-32"), (2, "UTF-16")):
        zeros = [begin[place::size].count(0) for place in range(size)]
        enough = max(len(begin) // size / 2, 1)
        if zeros[0] == 0 and min(zeros[size // 2 :]) >= enough:
            return f"{name}LE"
        if zeros[-1] == 0 and min(zeros[: size // 2]) >= enough:
            return f"{name}BE"
    return ""


def escaped(text: bytes) -> str:
    """Return which encoding of ISO-2022 bytes have escapes of; "" for none.

    Its bytes are those of ASCII, and escape sequences say what they mean.

    >>> escaped("\u6771\u4eac".encode("iso2022_jp")), escaped(b"\x1b[1m$5")
    ('ISO-2022-JP', '')
    """
    found = _ESCAPED.search(text)
    return _SETS.get(found[1], "ISO-2022-JP") if found else ""


def other(begin: bytes) -> str:
    """Return which encoding a file is in, if it is clearly not UTF-8.

    Of ISO-2022 it is where all is ASCII, and `_MANY` lines have its escapes: a
    few may stand in a collection that is UTF-8 otherwise.

    Args:
        begin: as of `wide`; the more there is, the better.

    >>> other("\u6771\u4eac".encode("iso2022_jp")), other(b"Tokyo")
    ('ISO-2022-JP', '')
    """
    if encoding := wide(begin):
        return encoding
    if ESCAPE not in begin or not begin.isascii():
        return ""
    lines = [line for line in begin.splitlines() if line.strip()]
    found = [encoding for line in lines if (encoding := escaped(line))]
    return found[0] if found and len(found) >= _MANY * len(lines) else ""


def check(name: str, begin: bytes) -> None:
    """Raise `UserError` for what would be read as something else than it is.

    Args:
        name: what the bytes are of.
        begin: as of `wide`.
    """
    if encoding := other(begin):
        raise UserError(
            f"{name} is {encoding}. Save it as UTF-8: iconv -f {encoding} -t "
            "UTF-8"
        )
