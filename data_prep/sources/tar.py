"""Tar archives of text files, such as OpenWebText's, read as a stream.

Nothing is written to disk, so the names of members cannot do harm, and only
regular files are read. A damaged archive is an error, never the end of it.
"""

import contextlib
import tarfile
from collections.abc import Iterator
from typing import BinaryIO

from data_prep.dataset_config import CorpusConfig
from data_prep.sources import compression
from data_prep.sources.data_issues import Origin
from data_prep.sources.lines import (
    count_marks,
    kind_of_no_text,
    split_documents,
    text_lines,
)
from data_prep.sources.unit import (
    BY_SUFFIX,
    NO_TEXT,
    Reading,
    SourceFile,
    Unit,
    whole,
)
from electra_tf.errors import UserError

# OpenWebText has 8 million texts, in 20,000 archives.
MOST_MEMBERS = 10_000_000
BYTES_PER_READ = 1 << 16


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return the units of a file; see `formats.Format`."""
    return [whole(file)]


def documents(unit: Unit, reading: Reading) -> Iterator[Iterator[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    blank_lines = reading.config.blank_lines_separate_documents
    guessed = reading.config.corpus_format is None
    with (
        reading.open_stream(unit.path) as stream,
        _damage_explained(unit.path),
        tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as archive,
    ):
        for member in _members(archive, unit.path):
            name = f"{unit.path}: {member.name!r}"
            if not _is_text(member, name, reading):
                continue
            text = archive.extractfile(member)
            # By their names alone they are text.
            if found := kind_of_no_text(text, not guessed):
                kind, _ = found
                reading.reject(name, f"this is {kind}, and no plain text.")
                continue
            origin = Origin(name, reading.issues)
            if guessed:
                count_marks(member.name, origin)
            lines = _lines(text, unit.path, origin)
            number = 0
            for document in split_documents(lines, blank_lines):
                number += 1
                yield document
            if not number:
                reading.issues.add("empty_files", name)
        _check_end(archive, unit.path)


def _check_end(archive: tarfile.TarFile, path: str) -> None:
    """Raise UserError where anything but zeros comes after the last member."""
    while block := archive.fileobj.read(BYTES_PER_READ):
        if block.strip(b"\0"):
            raise UserError(
                f"{path} goes on after its end, as archives do that were joined"
                " to one. Unpack it by tar --ignore-zeros -x, and give the"
                " folder that makes."
            )


def _lines(text: BinaryIO, path: str, origin: Origin) -> Iterator[str]:
    # These are read while `documents` waits.
    with _damage_explained(path):
        yield from text_lines(text, origin)


@contextlib.contextmanager
def _damage_explained(path: str) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise UserError(
            f"{path} is incomplete, damaged, or no tar archive ({error}). Copy"
            " it again."
        ) from None


class _Header(tarfile.TarInfo):
    """The header of a member; a damaged one would else end the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_Header":
        try:
            return super().fromtarfile(archive)
        except (tarfile.EOFHeaderError, UserError):
            raise
        except (tarfile.HeaderError, ValueError) as error:
            raise tarfile.ReadError(str(error)) from None


def _members(archive: tarfile.TarFile, path: str) -> Iterator[tarfile.TarInfo]:
    for number, member in enumerate(archive):
        if number >= MOST_MEMBERS:
            raise UserError(
                f"{path} has more than {MOST_MEMBERS} members. Unpack it"
                " yourself if it is what you want."
            )
        yield member
        # It remembers all headers otherwise.
        archive.members.clear()


def _is_text(member: tarfile.TarInfo, name: str, reading: Reading) -> bool:
    """Return whether a member is to be read; count those that are not."""
    if member.isdir():
        return False
    if member.issparse():
        raise UserError(
            f"{name} is a sparse file, which may be of any size. Unpack it"
            " yourself if it is what you want."
        )
    hidden = any(
        part.startswith(".") and part not in (".", "..")
        for part in member.name.split("/")
    )
    if hidden or not member.isreg():
        reading.issues.add("skipped_members", name)
        return False
    other = member.name.lower().endswith((*BY_SUFFIX, *NO_TEXT))
    if other or compression.split_suffix(member.name)[1]:
        raise UserError(
            f"{name} is itself an archive, compressed, or no plain text. Unpack"
            " the outer archive, and give the folder it makes."
        )
    return True
