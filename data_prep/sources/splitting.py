"""Large plain files, split where a document ends."""

import itertools
import re

from data_prep.sources import compression
from data_prep.sources.unit import SourceFile, Unit, whole
from electra_tf.io import listing

BYTES_PER_SEARCH = 1 << 16

BLANK_LINE = re.compile(rb"\n[ \t\r]*\n")
LINE_END = re.compile(rb"\n")


def split(
    file: SourceFile, target: int, separator: re.Pattern[bytes]
) -> list[Unit]:
    """Split a file after separators, into units of `target` bytes or more.

    A compressed file stays whole.

    Args:
        file: What to split.
        target: Number of bytes.
        separator: What ends a document. It begins with a line feed, and
            otherwise has none but its last byte.
    """
    if file.bytes < 2 * target or compression.split_suffix(file.path)[1]:
        return [whole(file)]
    cuts = [0]
    with listing.open_binary(file.path) as stream:
        while cuts[-1] + 2 * target <= file.bytes:
            cut = _end_of_next(stream, cuts[-1] + target, separator)
            if cut is None or cut >= file.bytes:
                break
            cuts.append(cut)
    return [
        Unit(file.format, file.path, start, end, end - start)
        for start, end in itertools.pairwise([*cuts, file.bytes])
    ]


def _end_of_next(stream, start: int, separator) -> int | None:
    """Return where the next separator from `start` on ends."""
    stream.seek(start)
    offset, content = start, b""
    while more := stream.read(BYTES_PER_SEARCH):
        content += more
        found = separator.search(content)
        if found is not None:
            return offset + found.end()
        # A separator may go on in what is read next.
        _, line_feed, tail = content.rpartition(b"\n")
        kept = line_feed + tail if line_feed else b""
        offset += len(content) - len(kept)
        content = kept
    return None
