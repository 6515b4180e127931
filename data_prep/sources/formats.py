"""The table of formats, and which of them a file has.

A format says how a file is cut into units that can be read independently, and
yields the documents of a unit.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from data_prep.dataset_config import FORMAT_NAMES, CorpusConfig
from data_prep.sources import compression, line_formats, parquet, tar, tfds
from data_prep.sources.unit import (
    BY_SUFFIX,
    NO_TEXT,
    Reading,
    SourceFile,
    Unit,
)
from electra_tf.errors import UserError


class Format(NamedTuple):
    """Functions that read the files of a format."""

    # From a file, a size in bytes and the settings to units of about that size;
    # they depend on nothing else.
    cut: Callable[[SourceFile, int, CorpusConfig], list[Unit]]
    # To the documents of a unit, each as its stripped lines. An iterator of
    # lines is to be used up before the next document is asked for.
    documents: Callable[[Unit, Reading], Iterator[Iterable[str]]]


FORMATS = {
    "text": Format(line_formats.cut_text, line_formats.text_documents),
    "jsonl": Format(
        line_formats.cut_after(line_formats.LINE_END),
        line_formats.json_documents,
    ),
    "parquet": Format(parquet.cut, parquet.documents),
    "tar": Format(tar.cut, tar.documents),
    "wikipedia": Format(
        line_formats.cut_after(line_formats.END_OF_ARTICLE),
        line_formats.wikipedia_documents,
    ),
    tfds.FORMAT: Format(tfds.cut, tfds.documents),
}
# Settings with an effect on some formats only.
EFFECTS = {
    "corpus_format": FORMAT_NAMES,
    "text_field": ("jsonl", "parquet", tfds.FORMAT),
    "blank_lines_separate_documents": ("text", "tar"),
    "tfds_split": (tfds.FORMAT,),
    "tfds_data_dir": (tfds.FORMAT,),
}


def check_effect(config: CorpusConfig, found: set[str]) -> None:
    """Raise UserError for a setting that no format found has an effect from."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        formats = EFFECTS.get(field.name, found)
        if value != field.metadata["default"] and not found & {*formats}:
            raise UserError(
                f"{field.name} has no effect: it is for {', '.join(formats)},"
                f" and the corpus is {', '.join(sorted(found))}. Received:"
                f" {value!r}. Leave it out, or say by corpus_format what the"
                " files are."
            )


def format_of(path: str, config: CorpusConfig) -> str:
    """Return the name of a file's format, by what its name ends in."""
    if config.corpus_format is not None:
        return config.corpus_format
    name = compression.split_suffix(path)[0].lower()
    if name.endswith(NO_TEXT):
        raise UserError(
            f"{path} is of a format that is not read. Unpack or convert it"
            " first; if it is plain text, give --corpus_format=text."
        )
    for suffix, format_name in BY_SUFFIX.items():
        if name.endswith(suffix):
            return format_name
    return "text"


def documents(unit: Unit, reading: Reading) -> Iterator[Iterable[str]]:
    """Yield the documents of a unit; count a file that has none.

    Each is an iterable of its lines, to be used up before the next one is
    asked for. A UserError about damage names file and position.
    """
    number = 0
    if unit.bytes:
        for document in FORMATS[unit.format].documents(unit, reading):
            number += 1
            yield document
    if not number:
        reading.issues.add_empty(unit.path, unit.parts)
