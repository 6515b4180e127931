"""token_counts.json: how often each token comes in the training records.

It lies beside the manifest, which is written after it, and holds a checksum
of its own. No TensorFlow.
"""

import json
import os
from collections.abc import Sequence

import google_crc32c

from electra_tf.errors import UserError
from electra_tf.io import files

FILE_NAME = "token_counts.json"
FORMAT = 1


def write(counts: Sequence[int], vocab_sha256: str, folder: str) -> None:
    """Write the counts of all tokens, by id, into a folder of records."""
    path = os.path.join(folder, FILE_NAME)
    files.write(path, to_json(counts, vocab_sha256))


def to_json(counts: Sequence[int], vocab_sha256: str) -> str:
    """Return the content of the file; arguments as of `write`."""
    numbers = [int(count) for count in counts]
    content = {
        "format": FORMAT,
        "vocab_sha256": vocab_sha256,
        "crc32c": _checksum(numbers),
        "counts": numbers,
    }
    return json.dumps(content) + "\n"


def read(folder: str, vocab_sha256: str) -> list[int]:
    """Return how often each token comes, by id.

    Raises UserError if they are damaged, or of another vocabulary.
    """
    path = os.path.join(folder, FILE_NAME)
    command = f"python -m data_prep.count_tokens {folder} --vocab_file=VOCAB"
    try:
        content = json.loads(files.read(path))
        counts = content["counts"]
        found = (content["format"], content["crc32c"])
        expected = (FORMAT, _checksum(counts))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"No {path}. Records that this program builds have it beside them; "
            f"for others it is made by: {command}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} holds no counts of tokens ({error!r}). Build the records "
            f"again, or count them: {command}"
        ) from None
    if found != expected:
        raise UserError(
            f"{path} is damaged: format and checksum are {found}, expected "
            f"{expected}. Restore it, or count again: {command}"
        )
    if content.get("vocab_sha256") != vocab_sha256:
        raise UserError(
            f"{path} counts tokens of another vocabulary, whose SHA-256 is "
            f"{content.get('vocab_sha256')}. Expected: {vocab_sha256}. Give "
            "the vocabulary that the records were built with."
        )
    return counts


def _checksum(counts: Sequence[int]) -> str:
    checksum = google_crc32c.Checksum(json.dumps(counts).encode())
    return checksum.hexdigest().decode()
