"""manifest.json: the contents of a folder of records, and their settings.

It is written last, so a folder that has one is complete. Before training it
is held against the model's settings: records made with another vocabulary
would train without an error, and in vain.
"""

import dataclasses
import json
import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from electra_tf.errors import UserError
from electra_tf.io import files

FILE_NAME = "manifest.json"
VOCABULARY = "vocab.txt"  # Beside a folder of records, if nowhere else.
FORMAT = 2
# Format 1 had no checksums, sources or lengths.
READABLE = (1, FORMAT)


@dataclasses.dataclass(frozen=True)
class Shard:
    """One file of records."""

    name: str
    examples: int  # Records in it.
    bytes: int
    crc32c: str = ""  # Its CRC-32C, in hexadecimal; empty if unknown.


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The content of `manifest.json`.

    The last three are not written where they have their defaults, which are
    those of older files.
    """

    max_seq_length: int  # Ids in every record.
    vocab_size: int  # Tokens of the vocabulary.
    vocab_sha256: str  # Of the vocabulary file's content.
    do_lower_case: bool  # Whether the text was lower-cased.
    strip_accents: bool  # Whether accents were removed.
    settings: Mapping[str, Any]  # Of the build, by name.
    counts: Mapping[str, int]  # What was read and left out, by name.
    training: tuple[Shard, ...]  # Files to train on.
    held_out: tuple[Shard, ...]  # Files to evaluate on; may be empty.
    program_version: str  # Of electra_tf that built them.
    # Bytes of each file of text, by its path below the corpus folder.
    sources: Mapping[str, int] = dataclasses.field(default_factory=dict)
    # Number of examples by their number of ids, as text.
    lengths: Mapping[str, int] = dataclasses.field(default_factory=dict)
    # Whether each Chinese character is a word.
    tokenize_chinese_chars: bool = True
    max_input_chars_per_word: int = 200  # The longest word that was cut.
    vocab_file: str = ""  # Where it was; "" for vocab.txt beside the folder.

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
        UserError: The file is no manifest, or a newer program's.
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
            raise UserError(
                f"{path} has format {version!r}; this program reads formats"
                f" {READABLE}. Use the version that built the records, or"
                " build them again."
            )
        for name in ("training", "held_out"):
            content[name] = tuple(Shard(**shard) for shard in content[name])
        return Manifest(**content)
    except UserError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is no manifest of records ({error!r}). Restore it, or"
            " build the records again."
        ) from None


def check(manifest: Manifest, folder: str = "", **settings: Any) -> None:
    """Raise UserError unless the records were built with these settings.

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
        raise UserError(
            f"The records{folder and f' in {folder}'} were not built for this"
            " model:\n"
            + "\n".join(mismatches)
            + "\nOr build them again with the model's settings."
        )


def _fix(name: str) -> str:
    if name == "vocab_sha256":
        return "give by --vocab_file the one the records were built with"
    return f"set --{name} to that of the records"


def check_files(
    manifest: Manifest, folder: str, names: Iterable[str] = ()
) -> None:
    """Raise UserError unless all files are there, of the right size.

    `names` are of files that are taken for records of this build.
    """
    shards = (*manifest.training, *manifest.held_out)
    others = sorted({*names} - {shard.name for shard in shards})
    wrong = [f"  {name}: not of this build; move it away" for name in others]
    for shard in shards:
        size = files.size(os.path.join(folder, shard.name))
        if size != shard.bytes:
            found = "missing" if size is None else f"{size} bytes"
            wrong.append(f"  {shard.name}: {found}, {shard.bytes} expected")
    if wrong:
        raise UserError(
            f"Files in {folder} are not as its {FILE_NAME} says:\n"
            + "\n".join(wrong)
            + "\nCopy them again, or build the records again."
        )
