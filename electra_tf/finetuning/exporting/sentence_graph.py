"""From sentences to labels in one graph, tokenizer included.

The tokenizer's rules are those of `electra_tf.text.tokenization`. Which
characters are control characters, blanks, marks and punctuation, and what is
their lower case, is written into the graph from Python's tables, so that it
does not depend on where the graph runs. Decomposition (NFD) is TensorFlow's
own: it may be of another version of Unicode, and may differ in letters that
were added between the two.

B batch, L length.
"""

import unicodedata
from collections.abc import Callable

import tensorflow as tf
import tensorflow_text as tf_text

from electra_tf.finetuning.exporting.character_class import character_class
from electra_tf.finetuning.exporting.lower_case import LowerCase
from electra_tf.finetuning.finetuned_model import FinetunedModel, FinetunedTask
from electra_tf.finetuning.serving.network import Served
from electra_tf.text.tokenization import CJK_RANGES, Tokenizer
from electra_tf.text.vocabulary import CONTINUATION, UNK

# No token begins with a space, so this is unknown.
_UNKNOWN_WORD = " ?"
_ASCII_SYMBOLS = r"!-/:-@\[-`{-~"


def _is_dropped(character: str) -> bool:
    category = unicodedata.category(character)
    dropped = category.startswith("C") and character not in "\t\n\r"
    return dropped or character == "\ufffd"


def _of_category(start: str) -> Callable[[str], bool]:
    return lambda c: unicodedata.category(c).startswith(start)


class GraphTokenizer(tf.Module):
    """Texts to WordPiece ids, as another tokenizer makes them."""

    def __init__(self, tokenizer: Tokenizer):
        super().__init__()
        self.settings = tokenizer.config
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
        if self.settings.do_lower_case:
            self._lower_case = LowerCase()
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
        if self.settings.tokenize_chinese_chars:
            texts = replace(texts, f"([{self._ideographs}])", r" \1 ")
        if self.settings.do_lower_case:
            texts = self._lower_case(texts)
        if self.settings.strip_accents:
            texts = tf_text.normalize_utf8(texts, "NFD")
            texts = replace(texts, f"[{self._marks}]", "")
        texts = replace(texts, f"([{self._punctuation}])", r" \1 ")
        return tf.strings.split(texts)

    def __call__(self, texts):
        """Return the ids of texts `(B,)`: ragged int32 `(B, pieces)`."""
        words = self.words(texts)
        too_long = (
            tf.strings.length(words.flat_values, unit="UTF8_CHAR")
            > self.settings.max_input_chars_per_word
        )
        words = words.with_flat_values(
            tf.where(too_long, _UNKNOWN_WORD, words.flat_values)
        )
        pieces = self._pieces.tokenize(words)  # [B, words, pieces]
        return tf.cast(pieces, tf.int32).merge_dims(1, 2)


_TEXTS = tf.TensorSpec([None], tf.string, name="text")
_PAIRS = tf.TensorSpec([None], tf.string, name="text_pair")


class SentenceGraph(tf.Module):
    """Answers sentences; the same inputs as those of `SentenceAnswers`."""

    KINDS = ("classification", "multilabel", "regression")

    def __init__(
        self, tuned: FinetunedModel, task: FinetunedTask, served: Served
    ):
        super().__init__()
        self.task = task
        self._served = served
        tokenizer = tuned.tokenizer
        self._most = tuned.settings.max_seq_length
        self._cls, self._sep = tokenizer.cls_id, tokenizer.sep_id
        self.tokenizer = GraphTokenizer(tokenizer)
        if task.labels:
            self.labels = tf.constant(task.labels)

    @tf.function(input_signature=[_TEXTS], autograph=False)
    def text(self, text):
        """Return the answers of single sentences `(B,)`."""
        return self._answers(text, tf.zeros_like(text))

    @tf.function(input_signature=[_TEXTS, _PAIRS], autograph=False)
    def text_pair(self, text, text_pair):
        """Return the answers of pairs."""
        return self._answers(text, text_pair)

    def _answers(self, texts, pairs) -> dict:
        outputs = self._served(*self.inputs(texts, pairs))
        return {**outputs, **_ANSWERS[self.task.head.kind](self, outputs)}

    def inputs(self, texts, pairs) -> tuple:
        """Return input_ids, input_mask and segment_ids, int32 `(B, L)`."""
        first, second = self.tokenizer(texts), self.tokenizer(pairs)
        first, second = cut(first, second, self._most)
        rows = first.nrows()
        cls, sep = tf.fill([rows, 1], self._cls), tf.fill([rows, 1], self._sep)
        has_pair = tf.cast(second.row_lengths() > 0, tf.int64)
        last = tf.RaggedTensor.from_tensor(sep, lengths=has_pair)
        ids = tf.concat([cls, first, sep, second, last], axis=1)
        length = tf.cast(ids.bounding_shape()[1], tf.int32)
        places = tf.range(length)[None]
        total = tf.cast(ids.row_lengths(), tf.int32)[:, None]
        begin = tf.cast(first.row_lengths(), tf.int32)[:, None] + 2
        mask = tf.cast(places < total, tf.int32)
        segments = tf.cast(places >= begin, tf.int32) * mask
        return ids.to_tensor(), mask, segments


def cut(first, second, most: int) -> tuple:
    """Cut ragged pieces as `classification.joined` does."""
    ours, theirs = first.row_lengths(), second.row_lengths()
    room = tf.constant(most - 3, tf.int64)
    kept = tf.minimum(ours, tf.maximum(room - theirs, (room + 1) // 2))
    fits = ours + theirs <= room
    kept = tf.where(fits, ours, kept)
    kept = tf.where(theirs > 0, kept, tf.minimum(ours, most - 2))
    rest = tf.where(fits, theirs, tf.maximum(room - kept, 0))
    return _heads(first, kept), _heads(second, tf.minimum(theirs, rest))


def _heads(ragged, lengths):
    """Keep the first numbers of each row."""
    return tf.RaggedTensor.from_tensor(ragged.to_tensor(), lengths=lengths)


def _label(graph: SentenceGraph, outputs: dict) -> dict:
    shares = tf.nn.softmax(outputs["logits"])
    label = tf.gather(graph.labels, tf.argmax(outputs["logits"], axis=-1))
    return {"label": label, "probabilities": shares}


def _labels(graph: SentenceGraph, outputs: dict) -> dict:
    return {"probabilities": tf.sigmoid(outputs["logits"])}


def _number(graph: SentenceGraph, outputs: dict) -> dict:
    low, high = graph.task.scale
    return {"score": low + outputs["predictions"] * (high - low)}


# By the kind of head.
_ANSWERS = {
    "classification": _label,
    "multilabel": _labels,
    "regression": _number,
}
