"""From sentences to labels in one graph, tokenizer included.

B batch.
"""

import tensorflow as tf

from electra_tf.finetuning.exporting.graph_tokenizer import GraphTokenizer
from electra_tf.finetuning.serving.network import Served
from electra_tf.finetuning.tuned_model import TunedModel, TunedTask

_TEXTS = tf.TensorSpec([None], tf.string, name="text")
_PAIRS = tf.TensorSpec([None], tf.string, name="text_pair")


class SentenceGraph(tf.Module):
    """Answers sentences; the same inputs as those of `SentenceAnswers`.

    Args:
        tuned: `TunedModel`.
        task: `TunedTask`.
        served: `Served` of that task.
    """

    KINDS = ("classification", "multilabel", "regression")

    def __init__(self, tuned: TunedModel, task: TunedTask, served: Served):
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
        cls = _column(self._cls, rows)
        sep = _column(self._sep, rows)
        has_pair = tf.cast(second.row_lengths() > 0, tf.int64)
        last = tf.RaggedTensor.from_tensor(
            tf.fill([rows, 1], self._sep), lengths=has_pair
        )
        ids = tf.concat([cls, first, sep, second, last], axis=1)
        length = tf.cast(ids.bounding_shape()[1], tf.int32)
        places = tf.range(length)[None]
        total = tf.cast(ids.row_lengths(), tf.int32)[:, None]
        begin = tf.cast(first.row_lengths(), tf.int32)[:, None] + 2
        mask = tf.cast(places < total, tf.int32)
        segments = tf.cast(places >= begin, tf.int32) * mask
        return ids.to_tensor(), mask, segments


def _column(number: int, rows):
    """Ragged `(B, 1)`, all the same number."""
    return tf.RaggedTensor.from_tensor(tf.fill([rows, 1], number))


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
