"""Vocabulary files: a token a line, of which line k has the id k.

As in the original, tokens lose the white space around them, an empty line is
the token "", and of equal tokens the last one counts.
"""

import collections
import os

from electra_tf.errors import UserError
from electra_tf.io import connections, files

PAD, UNK, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL_TOKENS = (PAD, UNK, CLS, SEP, MASK)
# What other models call them.
OTHER_NAMES = {
    PAD: ("<pad>",),
    UNK: ("<unk>",),
    CLS: ("<s>", "<cls>", "[BOS]"),
    SEP: ("</s>", "<sep>", "[EOS]"),
    MASK: ("<mask>",),
}
# Begins tokens that continue a word.
CONTINUATION = "##"
MOST_BYTES = 100_000_000  # A million tokens take a tenth of it.

Path = str | os.PathLike


def read_file(vocab_file: Path) -> bytes:
    """Return the content of a vocabulary file.

    Raises:
        FileNotFoundError: There is no such file.
        UserError: It is far too long, or has no end, as /dev/zero.
    """
    vocab_file = connections.expanded(vocab_file)
    try:
        with files.open_stream(vocab_file) as file:
            content = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(
            f"No vocabulary file at {vocab_file}. Expected a text file with"
            " one token a line; data_prep.build_vocab makes one."
        ) from None
    if len(content) > MOST_BYTES:
        raise UserError(
            f"{vocab_file} has more than {MOST_BYTES} bytes, and is no"
            " vocabulary. Expected a text file with one token a line."
        )
    return content


def load_vocabulary(content: bytes, vocab_file: Path = "") -> dict[str, int]:
    """Return token -> id of the content of a vocabulary file.

    Raises:
        UserError: It is not UTF-8; names the file, if it is given.

    >>> load_vocabulary(b"[PAD]\\n the \\nof\\nthe\\n")
    {'[PAD]': 0, 'the': 3, 'of': 2}
    """
    tokens = _tokens(content, vocab_file)
    return {token: number for number, token in enumerate(tokens)}


def _tokens(content: bytes, vocab_file: Path) -> list[str]:
    try:
        # The mark of its encoding is no part of the first token.
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UserError(
            f"The vocabulary {vocab_file} is not UTF-8 text: {error}."
        ) from None
    if lines[-1] == "":
        lines.pop()
    return [line.strip() for line in lines]


def duplicates(content: bytes) -> dict[str, list[int]]:
    """Return the tokens that a vocabulary has twice, with their ids.

    >>> duplicates(b"[PAD]\\nthe\\nof\\nthe\\n")
    {'the': [1, 3]}
    """
    tokens = _tokens(content, "")
    # A list for each token would take half a second of garbage collection.
    counts = collections.Counter(tokens)
    found: dict[str, list[int]] = {}
    for number, token in enumerate(tokens):
        if token and counts[token] > 1:
            found.setdefault(token, []).append(number)
    return found


def _renaming(vocab: dict[str, int], missing: list[str]) -> str:
    """Say which tokens may stand for missing ones by other names."""
    found = [
        f"{name} on line {vocab[name] + 1} to {token}"
        for token in missing
        for name in OTHER_NAMES[token]
        if name in vocab
    ]
    if not found:
        return ""
    return (
        f" Perhaps it names them otherwise; then rename {', '.join(found)} in"
        " a copy of the file. The ids stay the same."
    )


def load_checked(content: bytes, vocab_file: Path) -> dict[str, int]:
    """Return token -> id of a vocabulary that a tokenizer can work with.

    Raises:
        UserError: It is not UTF-8, or has not each of `SPECIAL_TOKENS` once.
    """
    vocab = load_vocabulary(content, vocab_file)
    missing = [token for token in SPECIAL_TOKENS if token not in vocab]
    if missing:
        raise UserError(
            f"The vocabulary {vocab_file} lacks the special tokens"
            f" {', '.join(missing)}. Expected a BERT vocabulary, one token a"
            f" line, with all of {', '.join(SPECIAL_TOKENS)}. Received"
            f" {len(vocab)} tokens, {next(iter(vocab), '')!r} first."
            f"{_renaming(vocab, missing)}"
        )
    for token, ids in duplicates(content).items():
        if token in SPECIAL_TOKENS:
            lines = " and ".join(str(number + 1) for number in ids)
            raise UserError(
                f"The vocabulary {vocab_file} has the special token {token}"
                f" {len(ids)} times, on lines {lines}. Expected it once."
            )
    return vocab
