"""The tokenizer as operations of a graph, for models that take texts.

The rules are those of `electra_tf.text.tokenization`. Which characters are
control characters, blanks, marks and punctuation is written into the graph from
Python's tables, so that it does not depend on where the graph runs. Lower case
and decomposition (NFD) are TensorFlow's own: they may be of another version
of Unicode, and may differ in letters that were added between the two.

B batch.
"""

import sys
import unicodedata
from collections.abc import Callable

import tensorflow as tf
import tensorflow_text as tf_text

from electra_tf.text.tokenization import (
    CJK_RANGES,
    MAX_CHARACTERS_PER_WORD,
    Tokenizer,
)
from electra_tf.text.vocabulary import CONTINUATION, UNK

# No token begins with a space, so this is unknown.
_UNKNOWN_WORD = " ?"
_ASCII_SYMBOLS = r"!-/:-@\[-`{-~"


def character_class(belongs: Callable[[str], bool]) -> str:
    r"""Return the inside of a regular expression's [...] for characters.

    >>> character_class(lambda c: c in "abcx")
    '\\x{61}-\\x{63}\\x{78}-\\x{78}'
    """
    ranges: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        # Halves of surrogate pairs are in no UTF-8 text.
        if 0xD800 <= code < 0xE000 or not belongs(chr(code)):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(rf"\x{{{a:x}}}-\x{{{b:x}}}" for a, b in ranges)


def _is_dropped(character: str) -> bool:
    category = unicodedata.category(character)
    dropped = category.startswith("C") and character not in "\t\n\r"
    return dropped or character == "\ufffd"


def _of_category(start: str) -> Callable[[str], bool]:
    return lambda c: unicodedata.category(c).startswith(start)


class GraphTokenizer(tf.Module):
    """Texts to WordPiece ids.

    Args:
        tokenizer: `electra_tf.text.tokenization.Tokenizer` to do as.
        split_ideographs: bool, whether each CJK ideograph is a word.
    """

    def __init__(self, tokenizer: Tokenizer, split_ideographs: bool = True):
        super().__init__()
        self.do_lower_case = tokenizer.do_lower_case
        self.strip_accents = tokenizer.strip_accents
        self.split_ideographs = split_ideographs
        self.unk_id = tokenizer.unk_id
        vocab = {token: i for token, i in tokenizer.vocab.items() if token}
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                [*vocab], [*vocab.values()], tf.string, tf.int64
            ),
            default_value=-1,
        )
        self._pieces = tf_text.WordpieceTokenizer(
            self.table,
            suffix_indicator=CONTINUATION,
            # Characters are counted below.
            max_bytes_per_word=tf.int32.max,
            unknown_token=UNK,
        )
        self._dropped = character_class(_is_dropped)
        self._blanks = character_class(_of_category("Z"))
        self._marks = character_class(_of_category("Mn"))
        self._punctuation = _ASCII_SYMBOLS + character_class(_of_category("P"))
        self._ideographs = "".join(
            rf"\x{{{a:x}}}-\x{{{b:x}}}" for a, b in CJK_RANGES
        )

    def words(self, texts):
        """Return the words and punctuation marks of texts `(B,)`, ragged."""
        replace = tf.strings.regex_replace
        texts = replace(texts, f"[{self._dropped}]", "")
        texts = replace(texts, rf"[{self._blanks}\t\n\r]", " ")
        if self.split_ideographs:
            texts = replace(texts, f"([{self._ideographs}])", r" \1 ")
        if self.do_lower_case:
            texts = tf.strings.lower(texts, encoding="utf-8")
        if self.strip_accents:
            texts = tf_text.normalize_utf8(texts, "NFD")
            texts = replace(texts, f"[{self._marks}]", "")
        texts = replace(texts, f"([{self._punctuation}])", r" \1 ")
        return tf.strings.split(texts)

    def __call__(self, texts):
        """Return the ids of texts `(B,)`: ragged int32 `(B, pieces)`."""
        return self.pieces(texts).merge_dims(1, 2)

    def pieces(self, texts):
        """Return the ids of each word: ragged int32 `(B, words, pieces)`."""
        words = self.words(texts)
        too_long = (
            tf.strings.length(words.flat_values, unit="UTF8_CHAR")
            > MAX_CHARACTERS_PER_WORD
        )
        words = words.with_flat_values(
            tf.where(too_long, _UNKNOWN_WORD, words.flat_values)
        )
        return tf.cast(self._pieces.tokenize(words), tf.int32)
