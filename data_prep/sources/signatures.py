"""Files that are no text, whatever their name says, by how they begin."""

from typing import BinaryIO, NamedTuple

from electra_tf.errors import UserError


class Signature(NamedTuple):
    """How files of some kind begin.

    Attributes:
        start: Position of `content` in the file.
        content: What stands there.
        kind: What such a file is.
        advice: What to do about it.
    """

    start: int
    content: bytes
    kind: str
    advice: str


def _named(suffix: str) -> str:
    return f"Give it a name that ends in {suffix}."


SIGNATURES = (
    Signature(257, b"ustar", "a tar archive", "Give --corpus_format=tar."),
    Signature(0, b"PAR1", "a Parquet file", "Give --corpus_format=parquet."),
    Signature(0, b"\x1f\x8b", "compressed by gzip", _named(".gz")),
    Signature(0, b"BZh", "compressed by bzip2", _named(".bz2")),
    Signature(0, b"\xfd7zXZ\0", "compressed by xz", _named(".xz")),
    Signature(0, b"\x28\xb5\x2f\xfd", "compressed by zstd", _named(".zst")),
    Signature(0, b"PK\x03\x04", "a zip archive", "Unpack it first."),
    Signature(0, b"%PDF-", "a PDF document", "Convert it to text first."),
    *(
        Signature(
            0, mark, "UTF-16 text", "Convert it: iconv -f UTF-16 -t UTF-8."
        )
        for mark in (b"\xff\xfe", b"\xfe\xff")
    ),
)
WIKIPEDIA = Signature(
    0,
    b'<doc id="',
    "what WikiExtractor writes",
    "Give --corpus_format=wikipedia, or text to keep its marks.",
)
_LONGEST = max(s.start + len(s.content) for s in (*SIGNATURES, WIKIPEDIA))


def check_is_text(stream: BinaryIO, path: str, may_be_wikipedia: bool) -> None:
    """Raise ValueError if a file is of another kind; read nothing.

    Args:
        stream: Buffered, at its beginning.
        path: What to call it.
        may_be_wikipedia: Whether that is no reason.
    """
    header = stream.peek(_LONGEST)
    kinds = SIGNATURES if may_be_wikipedia else (*SIGNATURES, WIKIPEDIA)
    for start, content, kind, advice in kinds:
        if header[start:].startswith(content):
            raise UserError(f"{path} is {kind}. {advice}")
