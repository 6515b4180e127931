"""manifest.json: the contents of a folder of records, and their settings.

It is written last, so a folder that has one is complete. Before training it
is held against the model's settings: records made with another vocabulary
would train without an error, and in vain.
"""

import dataclasses
import json
import os
import warnings
from collections.abc import Mapping
from typing import Any

from electra_tf.errors import UserError
from electra_tf.io import files

FILE_NAME = "manifest.json"
VOCABULARY = "vocab.txt"  # Beside a folder of records, if nowhere else.
FORMAT = 2
# Format 1 had no checksums, sources or lengths.
READABLE = (1, FORMAT)


class ManifestError(UserError):
    """A manifest that cannot be read, or does not fit."""


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file of records.

    Attributes:
        name: File name.
        examples: Number of records in it.
        bytes: Its size.
        crc32c: Its CRC-32C, in hexadecimal; empty if unknown.
    """

    name: str
    examples: int
    bytes: int
    crc32c: str = ""


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    Attributes:
        max_seq_length: Number of ids in every record.
        vocab_size: Number of tokens of the vocabulary.
        vocab_sha256: Of the vocabulary file's content.
        do_lower_case: Whether the text was lower-cased.
        strip_accents: Whether accents were removed.
        tokenize_chinese_chars: Whether each Chinese character is a word.
        max_input_chars_per_word: The longest word that was cut into pieces.
        vocab_file: Where the vocabulary was; "" for `vocab.txt` beside the
            folder. The last three are not written where they have their
            defaults, which are those of older files.
        settings: All settings of the build, by name.
        counts: What was read and left out, by name.
        training: Files to train on.
        held_out: Files to evaluate on; may be empty.
        program_version: Version of electra_tf that built them.
        sources: Size in bytes of each file of text, by its path below the
            corpus folder.
        lengths: Number of examples by their number of ids, as text.
    """

    max_seq_length: int
    vocab_size: int
    vocab_sha256: str
    do_lower_case: bool
    strip_accents: bool
    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    training: tuple[Shard, ...]
    held_out: tuple[Shard, ...]
    program_version: str
    sources: Mapping[str, int] = dataclasses.field(default_factory=dict)
    lengths: Mapping[str, int] = dataclasses.field(default_factory=dict)
    tokenize_chinese_chars: bool = True
    max_input_chars_per_word: int = 200
    vocab_file: str = ""

    @property
    def training_examples(self) -> int:
        """Number of examples to train on."""
        return sum(shard.examples for shard in self.training)

    @property
    def held_out_examples(self) -> int:
        """Number of examples to evaluate on."""
        return sum(shard.examples for shard in self.held_out)

    @property
    def tokens_kept(self) -> int:
        """Number of tokens in examples: those read, but for those cut off."""
        counts = self.counts
        return counts.get("tokens", 0) - counts.get("tokens_cut_off", 0)


def write(manifest: Manifest, folder: str) -> None:
    """Write manifest.json into a folder, whole or not at all."""
    files.write(os.path.join(folder, FILE_NAME), to_json(manifest))


def to_json(manifest: Manifest) -> str:
    """Return the content of manifest.json."""
    content = {"format": FORMAT, **dataclasses.asdict(manifest)}
    for field in dataclasses.fields(manifest):
        if content[field.name] == field.default:
            del content[field.name]
    return json.dumps(content, indent=1) + "\n"


def read(folder: str) -> Manifest | None:
    """Return a folder's manifest; None, with a warning, if it has none.

    Raises:
        ManifestError: The file is no manifest, or a newer program's.
    """
    path = os.path.join(folder, FILE_NAME)
    try:
        content = files.read(path)
    except FileNotFoundError:
        warnings.warn(
            f"{folder} has no {FILE_NAME}; it may have been built by another"
            " program. Its vocabulary and lower-casing cannot be checked"
            " against the model's.",
            stacklevel=2,
        )
        return None
    return _from_json(content, path)


def _from_json(text: bytes, path: str) -> Manifest:
    try:
        content = json.loads(text)
        version = content.pop("format")
        if version not in READABLE:
            raise ManifestError(
                f"{path} has format {version!r}; this program reads formats"
                f" {READABLE}. Use the version that built the records, or"
                " build them again."
            )
        for name in ("training", "held_out"):
            content[name] = tuple(Shard(**shard) for shard in content[name])
        return Manifest(**content)
    except ManifestError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ManifestError(
            f"{path} is no manifest of records ({error!r}). Restore it, or"
            " build the records again."
        ) from None


def check(manifest: Manifest, folder: str = "", **settings: Any) -> None:
    """Raise ManifestError unless the records were built with these settings.

    The message names every mismatch with both values and what to do.

    Args:
        manifest: That of the records.
        folder: Where they are, for the message.
        **settings: The model's `max_seq_length`, `vocab_size`, `vocab_sha256`
            and settings of the tokenizer, or some of them; those that are
            None are not compared.
    """
    mismatches = [
        f"  {name}: {getattr(manifest, name)} in the records, {value} for the"
        f" model; {_fix(name)}"
        for name, value in settings.items()
        if value is not None and value != getattr(manifest, name)
    ]
    if mismatches:
        raise ManifestError(
            f"The records{folder and f' in {folder}'} were not built for this"
            " model:\n"
            + "\n".join(mismatches)
            + "\nOr build them again with the model's settings."
        )


def _fix(name: str) -> str:
    if name == "vocab_sha256":
        return "give by --vocab_file the one the records were built with"
    return f"set --{name} to that of the records"


def check_files(manifest: Manifest, folder: str) -> None:
    """Raise ManifestError unless all files are there, of the right size."""
    wrong = []
    for shard in (*manifest.training, *manifest.held_out):
        size = files.size(os.path.join(folder, shard.name))
        if size != shard.bytes:
            found = "missing" if size is None else f"{size} bytes"
            wrong.append(f"  {shard.name}: {found}, {shard.bytes} expected")
    if wrong:
        raise ManifestError(
            f"Files in {folder} are not as its {FILE_NAME} says:\n"
            + "\n".join(wrong)
            + "\nCopy them again, or build the records again."
        )
