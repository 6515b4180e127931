"""Files of Hugging Face's folders that hold arrays and word pieces.

Arrays are in one file or in several, which an index names; they are read from
safetensors or from pickles (see `torch_file`). Tables of embeddings may have
rows beyond the vocabulary, as machines like round numbers: these are cut off.
"""

import collections
import os
from collections.abc import Callable

import numpy as np

from electra_tf.conversion import model_folder, torch_file
from electra_tf.errors import UserError, shown
from electra_tf.text import vocabulary

PICKLED_FILE = "pytorch_model.bin"
INDEX = ".index.json"
TOKENIZER_FILE = "tokenizer.json"  # Their fast tokenizer; has the vocabulary.
ADDED_FILE = "added_tokens.json"
CONFIG_FILE = "tokenizer_config.json"
OUTPUT_MATRIX = "generator_lm_head.weight"
WORD_EMBEDDINGS = "electra.embeddings.word_embeddings.weight"
# What has a row for each word piece.
_BY_WORD_PIECE = (
    WORD_EMBEDDINGS,
    WORD_EMBEDDINGS.removeprefix("electra."),
    OUTPUT_MATRIX,
    "generator_lm_head.bias",
)
# Tables are filled up to multiples of 128 at most; where more rows have no
# word piece, the vocabulary is another model's.
MOST_PADDING = 128

Arrays = dict[str, np.ndarray]


def weights(path: str) -> Arrays:
    """Return the arrays of a folder by their names there.

    Raises:
        FileNotFoundError: naming the file that is missing.
        UserError: when a file holds something else, or not what the index
            says.
    """
    for name, read in _READERS.items():
        file = os.path.join(path, name)
        if os.path.exists(file):
            return read(file)
        if os.path.exists(file + INDEX):
            return _sharded(path, file + INDEX, read)
    names = [name + end for name in _READERS for end in ("", INDEX)]
    raise FileNotFoundError(
        f"{path} has no weights: neither {', '.join(names[:-1])} nor "
        f"{names[-1]}."
    )


def _unpickled(file: str) -> Arrays:
    try:
        return torch_file.load(file)
    except ValueError as error:
        raise UserError(str(error)) from error


_READERS: dict[str, Callable[[str], Arrays]] = {
    model_folder.WEIGHTS_FILE: model_folder.read_weights,
    PICKLED_FILE: _unpickled,
}


def _sharded(path: str, index: str, read: Callable) -> Arrays:
    """Return the arrays of several files, each from the one it should be in."""
    places = model_folder.read_json(index).get("weight_map")
    if not isinstance(places, dict) or not all(map(_is_name, places.values())):
        raise UserError(
            f"weight_map in {index} must be the name of a file beside it for "
            f"each array. Received: {shown(places)}."
        )
    names = collections.defaultdict(set)
    for array, file in places.items():
        names[file].add(array)
    found: Arrays = {}
    for file, wanted in names.items():
        place = os.path.join(path, file)
        if not os.path.exists(place):
            raise FileNotFoundError(f"No {place}, which {index} names.")
        arrays = read(place)
        if missing := wanted - set(arrays):
            raise UserError(
                f"{place} must hold what {index} says. It lacks: "
                f"{shown(', '.join(sorted(missing)))}."
            )
        found |= {name: arrays[name] for name in wanted}
    return found


def _is_name(value) -> bool:
    return isinstance(value, str) and value == os.path.basename(value) != ""


def word_pieces(path: str, vocab_file: str | None) -> bytes | None:
    """Return the vocabulary: a file's, vocab.txt or of their fast tokenizer.

    Tokens that were added to it later follow.
    """
    file = vocab_file or os.path.join(path, model_folder.VOCAB_FILE)
    content = model_folder.read_vocab(file)
    fast = os.path.join(path, TOKENIZER_FILE)
    values = model_folder.read_json(fast)
    if content is None:
        model = values.get("model") or {}
        ids = model.get("vocab") if isinstance(model, dict) else model
        if not ids:
            return None
        content = _lines(fast, "model.vocab", ids)
    size = vocabulary_size(content, f"of {path}")
    added = {
        token: number
        for token, number in added_tokens(path).items()
        if type(number) is not int or number >= size
    }
    if not added:
        return content
    file = os.path.join(path, ADDED_FILE)
    lines = content.removesuffix(b"\n").split(b"\n")
    # Empty lines at the end have ids if the ids that are added say so.
    numbers = (number for number in added.values() if type(number) is int)
    first = min([len(lines), *numbers])
    later = _lines(file, "added tokens", added, first)
    return b"\n".join([*lines[:first], later])


def _lines(file: str, name: str, ids, first: int = 0) -> bytes:
    """Return a token a line, of ids that begin with `first`."""
    numbers = ids.values() if isinstance(ids, dict) else [None]
    if not all(type(number) is int for number in numbers):
        raise UserError(
            f"{name} in {file} must be ids by token, as of a WordPiece "
            f"vocabulary. Received: {shown(ids)}."
        )
    if sorted(numbers) != list(range(first, first + len(ids))):
        raise UserError(
            f"{name} in {file} must have each id from {first} on once. "
            f"Received: {shown(sorted(numbers))}."
        )
    # A token with a line's end in it, which no word is, keeps its id empty.
    tokens = ("" if "\n" in t else t for t in sorted(ids, key=ids.get))
    text = "".join(f"{token}\n" for token in tokens)
    return text.encode("utf-8", "surrogatepass")


def added_tokens(path: str) -> dict[str, int]:
    """Return the ids of tokens that are no pieces of words."""
    config = model_folder.read_json(os.path.join(path, CONFIG_FILE))
    fast = model_folder.read_json(os.path.join(path, TOKENIZER_FILE))
    decoder = config.get("added_tokens_decoder") or {}
    entries = fast.get("added_tokens") or []
    try:
        added = {
            **{entry["content"]: int(id_) for id_, entry in decoder.items()},
            **{entry["content"]: entry["id"] for entry in entries},
            **model_folder.read_json(os.path.join(path, ADDED_FILE)),
        }
        sound = all(isinstance(token, str) for token in added)
    except (KeyError, TypeError, ValueError, AttributeError):
        sound = False
    if not sound:
        raise UserError(
            f"The tokens that {path} adds to its vocabulary must have an id "
            f"and a content each. Received: added_tokens {shown(entries)} in "
            f"{TOKENIZER_FILE}, added_tokens_decoder {shown(decoder)} in "
            f"{CONFIG_FILE}."
        )
    return added


def vocabulary_size(content: bytes, name: str = "") -> int:
    """Return the number of word pieces; empty lines at the end are none."""
    ids = vocabulary.load_vocabulary(content, name).items()
    return 1 + max((number for token, number in ids if token), default=-1)


def without_padding(
    arrays: Arrays, vocab: bytes | None, vocab_size: int
) -> tuple[Arrays, int, dict[str, str]]:
    """Cut off rows of tables beyond the vocabulary.

    Args:
        arrays: theirs by name.
        vocab: the vocabulary; without one nothing is cut.
        vocab_size: what their config says.

    Returns:
        The arrays, the number of word pieces, and why rows were left out.
    """
    if vocab is None:
        return arrays, vocab_size, {}
    size = vocabulary_size(vocab)
    tables = [n for n in _BY_WORD_PIECE if np.ndim(arrays.get(n, 0))]
    longest = max([vocab_size, *(len(arrays[name]) for name in tables)])
    if not size < longest < size + MOST_PADDING:
        return arrays, vocab_size, {}
    cut = {n: arrays[n][:size] for n in tables if len(arrays[n]) > size}
    left_out = {
        f"rows {size} to {len(arrays[name]) - 1} of {name}": (
            f"the vocabulary has {size} word pieces"
        )
        for name in cut
    }
    return {**arrays, **cut}, size, left_out
