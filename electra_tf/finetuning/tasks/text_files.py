"""Reading people's files; mistakes are located. No TensorFlow.

Files may be compressed, whatever their name says; text is in UTF-8. All raise
FileNotFoundError when there is no such file, and `DataError` when it cannot be
used.
"""

import bz2
import gzip
import io
import lzma
import os
import typing
import zipfile
import zlib

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.io import encodings, files
from electra_tf.io.files import FREE_BYTES, MOST_EXPANSION
from electra_tf.io.streams import Streams

MOST_SHOWN = 300  # Characters of a row, in a message.


def read_text(path: str, expected: str = "") -> str:
    """Return the text of a file in UTF-8, without a byte-order mark.

    `expected` is a sentence for the message about a missing file.
    """
    return decoded(path, read_bytes(path, expected)[1])


def read_bytes(path: str, expected: str = "") -> tuple[str, bytes]:
    """Return a name and the content of a file, both as before compression."""
    try:
        content = files.read(path)
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(
            f"No data file at {path}. {expected}".strip()
        ) from None
    for magic, unpack in COMPRESSIONS.items():
        if content.startswith(magic):
            try:
                member, content = unpack(content)
            except UserError as error:
                raise DataError(f"{path} cannot be read: {error}.") from None
            except _DAMAGED as error:
                raise DataError(
                    f"{path} is damaged and cannot be unpacked: {error}."
                ) from None
            name, extension = os.path.splitext(path)
            packed = extension.lower() in COMPRESSED
            return member or (name if packed else path), content
    return path, content


def is_packed(path: str) -> bool:
    """Return whether a file of this machine is compressed, by its bytes."""
    with open(path, "rb") as file:
        head = file.read(max(map(len, COMPRESSIONS)))
    return head.startswith(tuple(COMPRESSIONS))


def _unzipped(content: bytes) -> tuple[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [
            name
            for name in archive.namelist()
            if not name.endswith("/") and not name.startswith("__MACOSX")
        ]
        if len(names) == 1:
            with archive.open(names[0]) as stream:
                return names[0], _read(stream, len(content))
    raise UserError(
        f"it is an archive or spreadsheet of {len(names)} files, where one is "
        "expected; unpack it, or save it as CSV in UTF-8"
    )


def _zstd_stream(file: io.BytesIO):
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


def _streams(begin: typing.Callable) -> typing.Callable:
    return lambda file: io.BufferedReader(Streams(file, begin))


def _read(stream, packed: int) -> bytes:
    """Return what so many packed bytes unpack to, unless it is too much."""
    most = FREE_BYTES + MOST_EXPANSION * packed
    content = stream.read(most + 1)
    if len(content) > most:
        raise UserError(
            f"it unpacks to more than {most} bytes, from {packed}; text does "
            "not. Unpack it yourself if it is what you want"
        )
    return content


def _single(open_stream: typing.Callable) -> typing.Callable:
    def unpacked(content: bytes) -> tuple[str, bytes]:
        with open_stream(io.BytesIO(content)) as stream:
            return "", _read(stream, len(content))

    return unpacked


# From the first bytes to the name of a member, if it has one, and its content.
COMPRESSIONS = {
    b"\x1f\x8b": _single(gzip.open),
    b"BZh": _single(_streams(bz2.BZ2Decompressor)),
    b"\xfd7zXZ\x00": _single(_streams(lzma.LZMADecompressor)),
    b"\x28\xb5\x2f\xfd": _single(_zstd_stream),
    b"PK\x03\x04": _unzipped,
}
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")
# What they raise for a file that is not what it was.
_DAMAGED = (
    *(OSError, EOFError, RuntimeError, NotImplementedError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError),
)


def decoded(path: str, content: bytes) -> str:
    """Return a file's content as text."""
    encodings.check(path, content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # What it decodes lacks the byte-order mark.
        content, place = error.object, error.start
        line = content[:place].count(b"\n") + 1
        begin = content.rfind(b"\n", 0, place) + 1
        read = content[begin:].partition(b"\n")[0][:MOST_SHOWN]
        raise DataError(
            f"{path}, line {line}: not UTF-8 text, at byte "
            f"{content[place]:#04x}. Read: {read!r}. Save the file as UTF-8; "
            "if it is LATIN1: iconv -f LATIN1 -t UTF-8"
        ) from None
    # Lines may end in carriage returns alone.
    return text if "\n" in text else text.replace("\r", "\n")


def shown(value) -> str:
    """Return a value for a message, cut if it is long.

    >>> shown(["a", "b"])
    "['a', 'b']"
    """
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
