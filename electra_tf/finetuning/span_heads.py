"""Heads that choose a span of the second segment.

An answer begins and ends at a token of the second segment, or at position 0,
which stands for no answer.

B batch, L length, H hidden, K beam size.
"""

import abc

import keras
from keras import ops

from electra_tf.errors import UserError
from electra_tf.layers.bert_conventions import activation
from electra_tf.layers.configured_layer import ConfiguredLayer

# Fixed in the released code.
HIDDEN_SIZE = 512
# Added to the logits of tokens that cannot be part of an answer.
NOT_ALLOWED = -1000.0
# Fills up a beam where there are fewer tokens.
NO_TOKEN = -1e9


class SpanHead(ConfiguredLayer, abc.ABC):
    """Base of the heads for spans: starts, and whether there is an answer.

    The loss is the mean of the cross entropies of start and end, and that of
    having no answer, times its weight. `answerable_uses_start_logits` says
    whether the prediction of an answer sees the vector of the likely start,
    beside that of the first token.
    """

    def __init__(
        self,
        size: int,
        hidden_size: int,
        name: str,
        answerable_classifier: bool,
        answerable_uses_start_logits: bool,
        answerable_weight: float,
        **kwargs,
    ):
        # Labels and masks come in as they are, float32.
        super().__init__(name=name, autocast=False, **kwargs)
        self.size = size
        self.hidden_size = hidden_size
        self.answerable_classifier = answerable_classifier
        self.answerable_uses_start_logits = answerable_uses_start_logits
        self.answerable_weight = answerable_weight
        self.start = self.dense(size, "dense")
        self.end = self.dense(size, "dense_1")
        if not answerable_classifier:
            return
        if answerable_uses_start_logits:
            self.answerable_hidden = self.dense(HIDDEN_SIZE, "dense_2", "gelu")
            self.answerable = self.dense(1, "dense_3")
        else:
            self.answerable = self.dense(1, "dense_2")

    def dense(self, size: int, name: str, act: str = "linear"):
        """Return a linear layer, perhaps with an activation."""
        # No initializer in the released code: Glorot's uniform default.
        return keras.layers.Dense(
            size, activation(act), name=name, dtype=self.dtype_policy
        )

    def build(self, input_shape=None):
        """Create the layers."""
        vectors = (None, self.hidden_size)
        self.start.build(vectors)
        if not self.answerable_classifier:
            return
        if self.answerable_uses_start_logits:
            self.answerable_hidden.build((None, 2 * self.hidden_size))
            vectors = (None, HIDDEN_SIZE)
        self.answerable.build(vectors)

    @abc.abstractmethod
    def ends(self, vectors, not_allowed, starts, start_logits, training):
        """Return end logits `(B, L)`, and more outputs in a dict."""

    def call(self, encoded, features, random=None, training=False):
        """Return loss, logits and, where the end depends on it, the beam."""
        vectors = encoded.sequence_output  # [B, L, H]
        not_allowed = _not_allowed(features)  # [B, L]
        starts = features[f"{self.name}_start_positions"]
        ends = features[f"{self.name}_end_positions"]
        start_logits = _scores(self.start, vectors) + not_allowed
        end_logits, beam = self.ends(
            vectors, not_allowed, starts, start_logits, training
        )
        losses = _cross_entropy(starts, start_logits)
        losses = (losses + _cross_entropy(ends, end_logits)) / 2
        answerable_logit = ops.zeros_like(start_logits[:, 0])
        if self.answerable_classifier:
            answerable_logit = self._answerable(vectors, start_logits)
            labels = ops.cast(features[f"{self.name}_is_impossible"], "float32")
            # Their binary cross entropy.
            missed = ops.softplus(answerable_logit) - labels * answerable_logit
            losses += self.answerable_weight * missed
        return {
            "loss": losses,
            "start_logits": start_logits,
            "end_logits": end_logits,
            "answerable_logit": answerable_logit,
            **beam,
            "eid": features[f"{self.name}_eid"],
        }

    def _answerable(self, vectors, start_logits):
        """Return the logits `(B,)` of there being no answer."""
        inputs = vectors[:, 0]
        if self.answerable_uses_start_logits:
            likely = ops.expand_dims(ops.softmax(start_logits), -1)
            start = ops.sum(ops.cast(likely, vectors.dtype) * vectors, axis=1)
            inputs = self.answerable_hidden(
                ops.concatenate([inputs, start], axis=-1)
            )
        return _scores(self.answerable, inputs)


class IndependentSpanHead(SpanHead):
    """Scores starts and ends by themselves."""

    def build(self, input_shape=None):
        """Create the layers."""
        super().build()
        self.end.build((None, self.hidden_size))

    def ends(self, vectors, not_allowed, starts, start_logits, training):
        """Return end logits `(B, L)` and nothing else."""
        return _scores(self.end, vectors) + not_allowed, {}


class JointSpanHead(SpanHead):
    """Scores ends given a start: the right one in training, else a beam's."""

    def __init__(self, *args, beam_size: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.beam_size = beam_size
        self.end_hidden = self.dense(HIDDEN_SIZE, "qa_hidden", "gelu")

    def build(self, input_shape=None):
        """Create the layers."""
        super().build()
        self.end_hidden.build((None, 2 * self.hidden_size))
        self.end.build((None, HIDDEN_SIZE))

    def ends(self, vectors, not_allowed, starts, start_logits, training):
        """Return end logits `(B, L)`, in training, or zeros and the beam."""
        if training:
            logits = self._given(vectors, starts[:, None])[:, 0]
            return logits + not_allowed, {}
        start_scores, starts = self._best(start_logits)  # [B, K]
        length = ops.shape(vectors)[1]
        logits = self._given(vectors, ops.minimum(starts, length - 1))
        end_scores, ends = self._best(logits + not_allowed[:, None])
        return ops.zeros_like(start_logits), {
            "start_top_log_probs": start_scores,
            "start_top_index": starts,
            "end_top_log_probs": end_scores,
            "end_top_index": ends,
        }

    def _given(self, vectors, starts):
        """Return end logits `(B, K, L)` given starts `(B, K)`."""
        chosen = ops.take_along_axis(vectors, starts[..., None], axis=1)
        if self.end_hidden.quantization_mode:
            raise UserError(
                f"{self.end_hidden.path} cannot be quantized: the head takes "
                "its kernel apart. Quantize the encoder's layers only."
            )
        # As of [start, token], but the product with each is made only once.
        kernel = ops.cast(self.end_hidden.kernel, vectors.dtype)
        bias = ops.cast(self.end_hidden.bias, vectors.dtype)
        of_starts = ops.matmul(chosen, kernel[: self.hidden_size])
        of_tokens = ops.matmul(vectors, kernel[self.hidden_size :])
        hidden = self.end_hidden.activation(
            of_starts[:, :, None] + of_tokens[:, None] + bias
        )
        return _scores(self.end, hidden)

    def _best(self, logits):
        """Return log-probabilities and positions `(..., K)` of the best."""
        # So that short inputs have enough; no answer can be at these.
        padding = [[0, 0]] * (len(logits.shape) - 1) + [[0, self.beam_size]]
        scores = ops.pad(
            ops.log_softmax(logits), padding, constant_values=NO_TOKEN
        )
        scores, positions = ops.top_k(scores, self.beam_size)
        return scores, ops.cast(positions, "int32")


def _not_allowed(features):
    """Return `(B, L)`: 0 where an answer may be, a low number elsewhere."""
    allowed = features["input_mask"] * features["segment_ids"]
    first = ops.ones_like(allowed[:, :1])
    allowed = ops.concatenate([first, allowed[:, 1:]], axis=1)
    return NOT_ALLOWED * (1.0 - ops.cast(allowed, "float32"))


def _scores(layer, vectors):
    """Float32, without the last axis, which has size 1."""
    return ops.squeeze(ops.cast(layer(vectors), "float32"), -1)


def _cross_entropy(positions, logits):
    return ops.sparse_categorical_crossentropy(
        positions, logits, from_logits=True
    )
