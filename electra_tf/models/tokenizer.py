"""Texts as the arrays that models read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from absl import logging

from electra_tf.configs import TokenizerConfig
from electra_tf.conversion import formats
from electra_tf.conversion.model import Model
from electra_tf.errors import UserError, shown
from electra_tf.finetuning.tasks.sentences.classification import joined
from electra_tf.models.given import decoded
from electra_tf.text import tokenization, vocabulary
from electra_tf.text.offsets import OffsetTokenizer, Piece

PADDINGS = ("max_length", "longest")
# Texts are padded to a multiple of this many tokens, as the longest takes.
LENGTH_STEP = 8
_MASK = re.compile(re.escape(vocabulary.MASK))


class Tokenizer(tokenization.Tokenizer):
    """Text to the input of a model, by a model's vocabulary.

    Its arguments are those of `electra_tf.text.tokenization.Tokenizer`; `load`
    takes them from a model.

    >>> tokenizer = Tokenizer.load("FOLDER")
    >>> tokenizer.tokenize("A good film")
    ['a', 'good', 'film']
    >>> tokenizer("A good film", max_length=6)["input_mask"].tolist()
    [1, 1, 1, 1, 1, 0]
    >>> batch = tokenizer(["good"], pairs=["film"], max_length=6, offsets=True)
    >>> batch["segment_ids"].tolist(), batch["offsets"][0].tolist()[:2]
    ([[0, 0, 0, 1, 1, 0]], [[0, 0], [0, 4]])
    """

    def __init__(self, vocab_file: str, *args, **kwargs):
        super().__init__(vocab_file, *args, **kwargs)
        self.content = vocabulary.read_file(vocab_file)

    @classmethod
    def load(cls, folder: str) -> "Tokenizer":
        """Return the tokenizer of a model.

        Args:
            folder: what `python -m electra_tf.conversion.convert` reads: a
                model folder, one of Hugging Face or KerasHub, a run, or a
                checkpoint.

        Raises:
            FileNotFoundError: when no model is there.
            UserError: when the model has no vocabulary.
        """
        return cls.of_model(formats.read(folder), folder)

    @classmethod
    def of_model(cls, model: Model, source: str) -> "Tokenizer":
        """Return the tokenizer of a model that was read from `source`."""
        if model.vocab is None:
            raise UserError(
                f"{source} has no vocabulary, which texts need. Make a "
                "Tokenizer of the vocab.txt that it was trained with."
            )
        return cls.of_content(model.vocab, model.config)

    def get_config(self) -> dict[str, Any]:
        """Return the vocabulary and the settings, as JSON holds them."""
        text = self.content.decode("utf-8")
        return {"vocabulary": text, **self.config.tokenizer_settings}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Tokenizer":
        """Return the tokenizer that `get_config` tells of.

        Raises:
            UserError: for a dict without a vocabulary.
        """
        settings = {**config}
        if "vocabulary" not in settings:
            raise UserError(
                "The config of a tokenizer must have its vocabulary. Received: "
                f"{shown(settings)}. electra_tf.Tokenizer(vocab_file, ...) "
                "reads one from a file."
            )
        content = settings.pop("vocabulary").encode("utf-8")
        return cls.of_content(content, TokenizerConfig(**settings))

    def decode(self, ids) -> str | list[str]:
        """Return the text of ids, without special tokens and padding.

        Blanks and capitals are those of the word pieces, not of a text.

        Args:
            ids: integers `(length,)`, or `(texts, length)`.

        Returns:
            A text, or a list of them.

        >>> tokenizer = Tokenizer.load("FOLDER")
        >>> tokenizer.decode(tokenizer("A good film.")["input_ids"])
        'a good film .'
        """
        ids = np.asarray(ids)
        if ids.ndim > 1:
            return [str(self.decode(row)) for row in ids]
        size = len(self.tokens)
        if ids.size and (
            ids.dtype.kind not in "iu" or not 0 <= ids.min() <= ids.max() < size
        ):
            raise UserError(
                f"ids must be whole numbers from 0 to {size - 1}. Received: "
                f"{shown(ids.tolist())}."
            )
        special = {self.pad_id, self.cls_id, self.sep_id}
        tokens = [self.tokens[i] for i in ids.tolist() if i not in special]
        return tokenization.joined_pieces(tokens)

    def __call__(
        self,
        texts: str | Sequence[str],
        pairs: str | Sequence[str] | None = None,
        max_length: int = 128,
        padding: str = "max_length",
        offsets: bool = False,
        masks: bool = False,
    ) -> dict[str, np.ndarray]:
        """Return [CLS] text [SEP], or [CLS] text [SEP] pair [SEP], as ids.

        What is too long loses its end, of pairs the longer one first; how
        often this happened is logged.

        Args:
            texts: a text, or a list of them.
            pairs: as many second texts, or None.
            max_length: tokens that an input may have, special ones included.
            padding: "max_length", or "longest" for the longest input given.
            offsets: whether to tell where tokens come from.
            masks: whether [MASK] in a text stands for the token of that name;
                else it is text like any other.

        Returns:
            dict of int32 arrays `(texts, length)`, of one text `(length,)`:
            `input_ids`, `input_mask` (1 for tokens and 0 for padding),
            `segment_ids`, and perhaps `offsets`, `(..., length, 2)`: the
            characters of its text that a token is made of, from the first to
            before the last; 0 and 0 for special tokens and padding.

        Raises:
            UserError: for anything but texts, or as many pairs.
        """
        if padding not in PADDINGS:
            raise UserError(
                f"padding must be one of {', '.join(PADDINGS)}. Received: "
                f"{padding!r}."
            )
        is_one = isinstance(texts, str)
        rows = _texts("texts", texts)
        second = [""] * len(rows) if pairs is None else _texts("pairs", pairs)
        both = pairs is None or isinstance(pairs, str) == is_one
        if len(second) != len(rows) or not both:
            raise UserError(
                "pairs must be as many texts as texts has. Received: "
                f"{len(rows)} and {shown(pairs)}."
            )
        special = 3 if any(second) else 2
        if max_length <= special:
            raise UserError(
                f"max_length must be more than {special}, for [CLS] and [SEP]. "
                f"Received: {max_length}."
            )
        pieces = _Pieces(self, offsets, masks)
        inputs = [
            pieces.joined(text, pair, max_length)
            for text, pair in zip(rows, second, strict=True)
        ]
        if pieces.cut:
            logging.warning(
                f"{pieces.cut} of {len(rows)} inputs had more than max_length "
                f"{max_length} tokens and lost their end; the longest had "
                f"{pieces.longest}."
            )
        width = max_length
        if padding == "longest":
            width = max((len(one["input_ids"]) for one in inputs), default=1)
        names = ["input_ids", "input_mask", "segment_ids"]
        names += ["offsets"] if offsets else []
        batch = {
            name: padded(
                [one[name] for one in inputs],
                width,
                self.pad_id if name == "input_ids" else 0,
                (2,) if name == "offsets" else (),
            )
            for name in names
        }
        return {n: v[0] for n, v in batch.items()} if is_one else batch


class _Pieces:
    """Makes inputs of texts, and counts those that lost their end."""

    def __init__(self, tokenizer: Tokenizer, offsets: bool, masks: bool):
        self.tokenizer = tokenizer
        self.masks = masks
        self.places = OffsetTokenizer(tokenizer) if offsets else None
        self.cut = self.longest = 0

    def joined(self, text: str, pair: str, max_length: int) -> dict:
        """Return the features of an input, lists of one length."""
        first, second = self._of(text), self._of(pair)
        special = self.tokenizer.cls_id, self.tokenizer.sep_id
        pieces = [*first, *second, *(Piece(i, 0, 0) for i in special)]
        # Joined are the numbers of pieces, not their ids.
        numbers = list(range(len(first) + len(second)))
        chosen, segments = joined(
            numbers[: len(first)], numbers[len(first) :], max_length, -2, -1
        )
        whole = len(first) + len(second) + (3 if second else 2)
        self.cut += whole > len(chosen)
        self.longest = max(self.longest, whole)
        placed = [pieces[number] for number in chosen]
        return {
            "input_ids": [piece.id for piece in placed],
            "input_mask": [1] * len(placed),
            "segment_ids": segments,
            "offsets": [(piece.start, piece.end) for piece in placed],
        }

    def _of(self, text: str) -> list[Piece]:
        if not self.masks:
            return self._pieces(text, 0)
        pieces, done = [], 0
        for found in _MASK.finditer(text):
            pieces += self._pieces(text[done : found.start()], done)
            pieces.append(Piece(self.tokenizer.mask_id, *found.span()))
            done = found.end()
        return pieces + self._pieces(text[done:], done)

    def _pieces(self, text: str, at: int) -> list[Piece]:
        if self.places is None:
            return [Piece(i, 0, 0) for i in self.tokenizer.encode(text)]
        return [
            Piece(piece.id, at + piece.start, at + piece.end)
            for piece in self.places(text)
        ]


def _texts(name: str, values) -> list[str]:
    """Return a text, or those of a list, an array or a tensor, as a list."""
    if isinstance(values, str):
        return [values]
    if hasattr(values, "numpy"):
        values = values.numpy()
    if isinstance(values, bytes) or not hasattr(values, "__len__"):
        raise UserError(
            f"{name} must be a text or a list of texts. Received: "
            f"{shown(values)}."
        )
    found = []
    for number, value in enumerate(values):
        if isinstance(value, bytes):
            value = decoded(value, number)
        if not isinstance(value, str):
            raise UserError(
                f"{name} must be texts. Received: {shown(value)} at place "
                f"{number}."
            )
        found.append(str(value))
    return found


def padded(
    rows: list, width: int, value: int = 0, inside: tuple[int, ...] = ()
) -> np.ndarray:
    """Return lists as an int32 array `(rows, width, *inside)`."""
    array = np.full((len(rows), width, *inside), value, np.int32)
    for row, values in zip(array, rows, strict=True):
        if len(values):
            row[: len(values)] = values
    return array


def width_of(inputs: list[dict], most: int) -> int:
    """Return what inputs are padded to: what the longest takes, rounded up."""
    longest = max((len(one["input_ids"]) for one in inputs), default=1)
    return min(-(-longest // LENGTH_STEP) * LENGTH_STEP, most)


def arrays(inputs: list[dict], width: int) -> dict[str, np.ndarray]:
    """Return inputs of ids and segments as padded arrays `(inputs, width)`."""
    ids = [one["input_ids"] for one in inputs]
    return {
        "input_ids": padded(ids, width),
        "input_mask": padded([[1] * len(row) for row in ids], width),
        "segment_ids": padded([one["segment_ids"] for one in inputs], width),
    }
