"""Tells text in UTF-16 or UTF-32 by how it begins. No TensorFlow."""

import codecs

from electra_tf.errors import UserError

# Bytes that are looked at, where nothing else is read.
ENOUGH = 256
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # UTF-16's, and then zeros.
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


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


def check(name: str, begin: bytes) -> None:
    """Raise `UserError` for UTF-16 and UTF-32, half of whose bytes are read.

    Args:
        name: what the bytes are of.
        begin: as of `wide`.
    """
    if encoding := wide(begin):
        raise UserError(
            f"{name} is {encoding}. Save it as UTF-8: iconv -f {encoding} -t "
            "UTF-8"
        )
