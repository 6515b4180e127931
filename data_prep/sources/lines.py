"""Lines of text out of a stream of bytes, and documents out of lines.

A line feed ends a line; where a text has none, a carriage return does. Bytes
that are not UTF-8 become U+FFFD, which the tokenizer drops, as it drops NUL.
A byte-order mark is no part of the line it precedes; joined files have several.
Files that are no text, whatever their name says, are known by how they begin.
"""

import codecs
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, TypeVar

from data_prep.sources import compression
from data_prep.sources.data_issues import DataIssues, Origin
from data_prep.sources.unit import BYTE_ORDER_MARK, Reading, Unit
from electra_tf.errors import UserError
from electra_tf.io.encodings import ESCAPE, escaped, other
from electra_tf.text.vocabulary import SPECIAL_TOKENS

Line = TypeVar("Line")

BYTES_PER_BLOCK = 1 << 20
# A line is held in memory, and it is no text if it is longer.
MOST_BYTES_PER_LINE = 100_000_000


def text_lines(
    stream: BinaryIO, origin: Origin, start: int = 0, size: float = math.inf
) -> Iterator[str]:
    """Yield stripped lines of a stream that stands at byte `start`."""
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
    """Yield the lines of a unit of bytes, or of a whole compressed file."""
    origin = Origin(unit.path, reading.issues)
    with reading.open_stream(unit.path) as stream:
        if not unit.start:
            # By its name alone it is text.
            guessed = reading.config.corpus_format is None
            may_have_marks = unit.format != "text" or not guessed
            if found := kind_of_no_text(stream, may_have_marks):
                kind, advice = found
                raise UserError(f"{unit.path} is {kind}. {advice}")
            if not may_have_marks:
                count_marks(compression.split_suffix(unit.path)[0], origin)
        if compression.split_suffix(unit.path)[1]:
            yield from lines_in(stream, origin)
            return
        stream.seek(unit.start)
        yield from lines_in(stream, origin, unit.start, unit.end - unit.start)


def count_marks(name: str, origin: Origin) -> None:
    """Count a file that is read as text, where its name says that it is not."""
    if name.lower().endswith(NAMES_WITH_MARKS):
        origin.issues.add("files_with_marks", origin.name)


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
        if not offset and b"\n" not in block:  # All there is.
            block = block.replace(b"\r", b"\n")
        yield offset, block
        offset += len(block)
    if offset < end < math.inf:
        raise UserError(
            f"{origin.name} became shorter while it was read: {offset} bytes,"
            f" {end} expected. Build again when nothing writes to the corpus."
        )


def _decoded(block: bytes, origin: Origin, offset: int) -> list[str]:
    """Return the lines of a block, without the marks before them."""
    lines = _with_marks(block.removesuffix(b"\n"), origin, offset)
    if codecs.BOM_UTF8 in block:
        return [line.lstrip(BYTE_ORDER_MARK) for line in lines]
    return lines


def _with_marks(block: bytes, origin: Origin, offset: int) -> list[str]:
    if b"\0" not in block and ESCAPE not in block:
        try:
            return block.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            pass
    lines = []
    for raw in block.split(b"\n"):
        lines.append(decode_line(raw, origin.place(offset), origin.issues))
        offset += len(raw) + 1
    return lines


def decode_line(raw: bytes, place: str, issues: DataIssues) -> str:
    """Return bytes as text, and count what is wrong with them.

    >>> found = DataIssues()
    >>> decode_line(b"caf\\xe9", "a.txt, byte 0", found)
    'caf\\ufffd'
    >>> found.places["undecodable_lines"]
    ['a.txt, byte 0']
    """
    line = raw.decode("utf-8", "replace")
    if "\ufffd" in line and line.encode("utf-8") != raw:
        issues.add("undecodable_lines", place)
    if "\0" in line:
        issues.add("lines_with_nul", place)
    if escaped(raw):
        issues.add("lines_in_iso_2022", place)
    return line


def split_documents(
    lines: Iterable[str], blank_lines_separate_documents: bool = True
) -> Iterator[Iterator[str]]:
    """Yield the documents of a text, each as an iterator of its lines.

    An iterator is to be used up before the next one is asked for. Where blank
    lines do not separate documents, all lines are one.

    >>> [list(lines) for lines in split_documents(["a", "b", "", "", "c"])]
    [['a', 'b'], ['c']]
    """
    if not blank_lines_separate_documents:
        lines = filter(None, lines)
        for first in lines:
            yield itertools.chain([first], lines)
        return
    for has_text, document in itertools.groupby(lines, key=bool):
        if has_text:
            yield document


COMPRESSED = "compressed by "
_NAME = "Give it a name that ends in "
# Position, what stands there, what such a file is, and what to do about it.
SIGNATURES = (
    (257, b"ustar", "a tar archive", "Give --corpus_format=tar."),
    (0, b"PAR1", "a Parquet file", "Give --corpus_format=parquet."),
    (0, b"\x1f\x8b", COMPRESSED + "gzip", _NAME + ".gz."),
    (0, b"BZh", COMPRESSED + "bzip2", _NAME + ".bz2."),
    (0, b"\xfd7zXZ\0", COMPRESSED + "xz", _NAME + ".xz."),
    (0, b"\x28\xb5\x2f\xfd", COMPRESSED + "zstd", _NAME + ".zst."),
    (0, b"PK\x03\x04", "a zip archive", "Unpack it first."),
    (0, b"%PDF-", "a PDF document", "Convert it to text first."),
)
_OR_TEXT = ", or give --corpus_format=text to keep its marks."
# How text with marks of its own begins, in small letters; what it is, and what
# to do about it.
MARKED = (
    (
        b'<doc id="',
        "what WikiExtractor writes",
        "Give --corpus_format=wikipedia, or text to keep its marks.",
    ),
    (
        b'{"',
        "JSON lines",
        "Give --corpus_format=jsonl, or text to keep its marks.",
    ),
    (b'[{"', "a JSON document", "Write an object a line" + _OR_TEXT),
    (b"<!doctype html", "a page of HTML", "Extract its text first" + _OR_TEXT),
    (b"<html", "a page of HTML", "Extract its text first" + _OR_TEXT),
    (b"<head", "a page of HTML", "Extract its text first" + _OR_TEXT),
    (b"<body", "a page of HTML", "Extract its text first" + _OR_TEXT),
    (rb"{\rtf", "RTF", "Convert it to text first" + _OR_TEXT),
    (b"<mediawiki", "a dump of a wiki", "Extract its text first" + _OR_TEXT),
    (b"<?xml", "XML", "Extract its text first" + _OR_TEXT),
)
# By their names such files may still be text.
NAMES_WITH_MARKS = (
    *(".html", ".htm", ".xhtml", ".xml", ".rtf"),
    *(".csv", ".tsv"),
)
# What may come before the marks.
_COMMENTS = re.compile(rb"(\xef\xbb\xbf|\s|<!--.*?-->)*", re.DOTALL)
_KEEP_OUT = "Move it out of the text, or give --corpus_format=text to read it."
_SPECIAL = {token.encode() for token in SPECIAL_TOKENS}
_BLANKS_IN_JSON = re.compile(rb"([\[{])\s+")
_LONGEST = max(row[0] + len(row[1]) for row in SIGNATURES)


def kind_of_no_text(
    stream: BinaryIO, may_have_marks: bool
) -> tuple[str, str] | None:
    """Return what a buffered file is if not text; its position stays.

    That is the name of its kind, and what to do about it; None for text.
    """
    header = stream.peek(_LONGEST)
    kinds = [
        row[2:] for row in SIGNATURES if header[row[0] :].startswith(row[1])
    ]
    if encoding := other(header):
        convert = f"Convert it: iconv -f {encoding} -t UTF-8."
        kinds.append((f"{encoding} text", convert))
    if not may_have_marks:
        begin = header[_COMMENTS.match(header).end() :][:_LONGEST].lower()
        begin = _BLANKS_IN_JSON.sub(rb"\1", begin)
        kinds += [row[1:] for row in MARKED if begin.startswith(row[0])]
        if is_vocabulary(header):
            kinds.append(("a vocabulary", _KEEP_OUT))
    return kinds[0] if kinds else None


def is_vocabulary(header: bytes) -> bool:
    r"""Return whether a file begins as a vocabulary of WordPiece does.

    That is with words, one a line, of which five are the special tokens.

    >>> is_vocabulary(b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n!\n")
    True
    >>> is_vocabulary(b"Those are\n[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
    False
    """
    missing = set(_SPECIAL)
    for line in header.removeprefix(codecs.BOM_UTF8).split(b"\n"):
        word = line.strip()
        if not word or b" " in word:
            return False
        missing.discard(word)
        if not missing:
            return True
    return False
