"""Lines of text out of a stream of bytes.

Only a line feed ends a line. Bytes that are not UTF-8 become U+FFFD, which
the tokenizer drops, as it drops NUL.
"""

import math
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

from data_prep.sources import compression, signatures
from data_prep.sources.findings import Findings, Origin
from data_prep.sources.unit import Reading, Unit
from electra_tf.errors import UserError

Line = TypeVar("Line")

BYTES_PER_BLOCK = 1 << 20
# A line is held in memory, and it is no text if it is longer.
MOST_BYTES_PER_LINE = 100_000_000


def text_lines(
    stream: BinaryIO, origin: Origin, start: int = 0, size: float = math.inf
) -> Iterator[str]:
    """Yield the lines of a stream, without the white space around them.

    Args:
        stream: Stands at `start`.
        origin: Where it comes from.
        start: Position of the first byte.
        size: Number of bytes to read; infinite means all.
    """
    for offset, block in _blocks(stream, origin, start, size):
        yield from map(str.strip, _decoded(block, origin, offset))


def numbered_lines(
    stream: BinaryIO, origin: Origin, start: int = 0, size: float = math.inf
) -> Iterator[tuple[int, str]]:
    """Yield the lines of a stream and the positions they begin at."""
    for offset, block in _blocks(stream, origin, start, size):
        lines = _decoded(block, origin, offset)
        for raw, line in zip(block.split(b"\n"), lines, strict=False):
            yield offset, line
            offset += len(raw) + 1


def lines_of(
    unit: Unit,
    reading: Reading,
    lines_in: Callable[..., Iterator[Line]] = text_lines,
) -> Iterator[Line]:
    """Yield the lines of a file, or of a part of one.

    Args:
        unit: Positions are bytes; a compressed file is read as a whole.
        reading: What else is needed.
        lines_in: `text_lines` or `numbered_lines`.
    """
    origin = Origin(unit.path, reading.findings)
    with compression.open_stream(unit.path, reading.on_read) as stream:
        if not unit.start:
            signatures.check_is_text(
                stream, unit.path, reading.config.corpus_format is not None
            )
        if compression.split_suffix(unit.path)[1]:
            yield from lines_in(stream, origin)
            return
        stream.seek(unit.start)
        yield from lines_in(stream, origin, unit.start, unit.end - unit.start)


def _blocks(stream, origin, start, size) -> Iterator[tuple[int, bytes]]:
    """Yield pieces that end where a line ends, and where they begin."""
    offset, end = start, start + size
    while block := stream.read(min(BYTES_PER_BLOCK, end - offset)):
        if not block.endswith(b"\n"):
            most = min(MOST_BYTES_PER_LINE, end - offset - len(block))
            rest = stream.readline(most)
            if len(rest) == MOST_BYTES_PER_LINE:
                raise UserError(
                    f"{origin.place(offset)}: from here on is a line of more"
                    f" than {MOST_BYTES_PER_LINE} bytes. Expected text; if it"
                    " is, break its lines."
                )
            block += rest
        yield offset, block
        offset += len(block)
    if offset < end < math.inf:
        raise UserError(
            f"{origin.name} became shorter while it was read: {offset} bytes,"
            f" {end} expected. Build again when nothing writes to the corpus."
        )


def _decoded(block: bytes, origin: Origin, offset: int) -> list[str]:
    block = block.removesuffix(b"\n")
    if b"\0" not in block:
        try:
            return block.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            pass
    lines = []
    for raw in block.split(b"\n"):
        lines.append(decode_line(raw, origin.place(offset), origin.findings))
        offset += len(raw) + 1
    return lines


def decode_line(raw: bytes, place: str, findings: Findings) -> str:
    """Return bytes as text, and count what is wrong with them.

    >>> found = Findings()
    >>> decode_line(b"caf\\xe9", "a.txt, byte 0", found)
    'caf\\ufffd'
    >>> found.places["undecodable_lines"]
    ['a.txt, byte 0']
    """
    line = raw.decode("utf-8", "replace")
    if "\ufffd" in line and line.encode("utf-8") != raw:
        findings.add("undecodable_lines", place)
    if "\0" in line:
        findings.add("lines_with_nul", place)
    return line
