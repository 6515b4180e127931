"""A Keras model that answers questions by a span of a passage."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from electra_tf.errors import UserError, shown
from electra_tf.finetuning.finetuned_model import FinetunedTask, InputSettings
from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.finetuning.tasks.task import HeadSpec
from electra_tf.layers.configured_layer import PACKAGE
from electra_tf.models import given
from electra_tf.models.task_model import TaskModel
from electra_tf.models.tokenizer import arrays
from electra_tf.models.training import SETTINGS

LABELS = ("start_positions", "end_positions", "is_impossible")
MAX_LENGTH = 384  # Of SQuAD's inputs in the paper's code.


@keras.saving.register_keras_serializable(PACKAGE)
class HeadLoss(keras.losses.Loss):
    """The losses that the head has computed, each with its weight."""

    def call(self, y_true, y_pred):
        """Return them, `(batch,)`."""
        return y_pred


class QuestionAnswerer(TaskModel):
    """Finds where in a passage the answer to a question begins and ends.

    Labels beside ids are a dict of `start_positions`, `end_positions` and
    perhaps `is_impossible`, int `(batch,)`. Beside texts they are
    answers: (text, number of its first character), a dict as in SQuAD with
    `text` and `answer_start`, or None for no answer. The loss is that of the
    head, as fine-tuning has it.

    Args:
        encoder, tokenizer, max_length: of
            `electra_tf.models.encoder_model.EncoderModel`.
        null_answers: bool, whether a question may have no answer. A
            fine-tuned model that knows such questions goes on to.

    Call arguments:
        inputs: see `EncoderModel`; segment 1 is the passage.

    Returns:
        dict with float32 `start_logits` and `end_logits`, `(batch, length)`,
        and what else the head has.

    >>> answerer = QuestionAnswerer.load("FOLDER", max_length=16)
    >>> asked = [("what is good?", "a good film")]
    >>> _ = answerer.fit(asked, [("film", 7)], verbose=0)
    >>> answerer.predict(asked, verbose=0)["start_logits"].shape
    (1, 16)
    >>> answerer.answers(asked)[0]["answer"] in ("a", "good", "film", "a good",
    ...     "good film", "a good film")
    True
    """

    KINDS = ("independent_question_answering", "joint_question_answering")
    TASK = "question_answering"
    LABELS_APART = False

    def __init__(
        self, encoder, null_answers: bool = False, settings=None, **kwargs
    ):
        if settings is None:
            settings = dataclasses.replace(
                InputSettings.of(SETTINGS),
                joint_prediction=False,
                answerable_classifier=False,
                max_seq_length=MAX_LENGTH,
            )
        super().__init__(encoder, settings=settings, **kwargs)
        if null_answers:
            self.task = dataclasses.replace(self.task, has_null_answers=True)

    def _new_task(self, kind, num_labels, labels) -> FinetunedTask:
        if num_labels is not None or labels is not None:
            raise UserError(
                "Answers are spans and have no labels. Received: num_labels "
                f"{num_labels}, labels {labels}."
            )
        # Starts and ends alone, as in transformers, so that it converts.
        options = {
            "answerable_classifier": False,
            "answerable_uses_start_logits": False,
            "answerable_weight": SETTINGS.answerable_weight,
        }
        return FinetunedTask(self.TASK, HeadSpec(self.KINDS[0], 1, options))

    def _outputs(self, encoded, inputs, training):
        labelled = "start_positions" in inputs
        # A joint head is given the right starts in training, and needs them.
        outputs = self._of_head(encoded, inputs, bool(training) and labelled)
        dropped = {"eid"} if labelled else {"eid", "loss"}
        return {n: v for n, v in outputs.items() if n not in dropped}

    def _defaults(self) -> dict:
        return {"loss": HeadLoss(), "metrics": None}

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Return the mean of the head's losses."""
        if "loss" not in y_pred:
            raise UserError(
                f"Training needs labels: {', '.join(LABELS)}. Received inputs "
                f"{', '.join(x)}."
            )
        losses = y_pred["loss"]
        none = keras.ops.zeros_like(losses)
        return super().compute_loss(x, none, losses, sample_weight, training)

    def compile(
        self, optimizer="auto", loss="auto", metrics="auto", **kwargs
    ) -> None:
        """Choose how to train; losses and metrics are those of the head."""
        chosen = {"loss": loss, "metrics": metrics, **kwargs}
        wrong = [
            name
            for name in ("loss", "metrics", "weighted_metrics")
            if chosen.get(name) not in (None, "auto")
            and not isinstance(chosen[name], HeadLoss)
        ]
        if wrong:
            raise UserError(
                "The losses are those of the head, and answers have no Keras "
                f"metrics. Received: {', '.join(wrong)}."
            )
        super().compile(optimizer, "auto", metrics, **kwargs)

    def _labelled(self, data) -> tuple:
        """Return data whose inputs have the labels that stood beside them."""
        x, y, weight = super()._labelled(data)
        if isinstance(y, Mapping):
            x, y = {**given.named(x), **y}, None
        if isinstance(x, Mapping) and len({*LABELS[:2]} & {*x}) == 1:
            raise UserError(
                f"Labels must be both {LABELS[0]} and {LABELS[1]}. Received: "
                f"{', '.join(x)}."
            )
        return x, y, weight

    def _targets(self, labels, inputs=None):
        if labels is None:
            return None
        if isinstance(labels, Mapping) and (
            {*LABELS[:2]} <= {*labels} <= {*LABELS}
        ):
            found: dict[str, Any] = {
                name: given.whole_numbers(given.listed(values), axes=1)
                for name, values in labels.items()
            }
            sizes = dict.fromkeys(LABELS, np.shape(inputs["input_ids"])[-1])
            sizes["is_impossible"] = 2
            if all(
                values is not None
                and np.all((values >= 0) & (values < sizes[name]))
                for name, values in found.items()
            ) and np.all(np.less_equal(*(found[n] for n in LABELS[:2]))):
                return found
        raise UserError(
            f"Labels beside ids must be a dict of {', '.join(LABELS)}, places "
            "of tokens and 0 or 1. "
            f"Received: {shown(labels)}."
        )

    def _features(self, texts, labels):
        rows = self._rows(texts, self._answers())
        if labels is not None and len(labels) != len(rows):
            raise UserError(
                "There must be an answer, or None, for each question. "
                f"Received: {len(rows)} questions and {len(labels)} answers."
            )
        cut = Windows(self._reader(), self.settings)
        windows = []
        for number, row in enumerate(rows):
            answer = labels[number] if labels is not None else None
            question = self._question(number, row, answer)
            is_unanswered = labels is not None and question.is_impossible
            if is_unanswered and not self.task.has_null_answers:
                raise UserError(
                    f"Row {number} has no answer, and this model has one for "
                    "every question. Make or load it with null_answers=True."
                )
            made = cut(question)
            if labels is None and len(made) != 1:
                raise UserError(
                    f"The passage of row {number} takes {len(made)} inputs of "
                    f"{self.max_length} tokens, so its logits are no row of an "
                    "array. Ask by answers, or raise max_length."
                )
            windows += made
        inputs = [
            {"input_ids": w.input_ids, "segment_ids": w.segment_ids}
            for w in windows
        ]
        found = arrays(inputs, self.max_length)
        if labels is None:
            return found, None
        starts, ends, impossible = (
            np.array([int(getattr(w, name)) for w in windows], np.int32)
            for name in ("start", "end", "is_impossible")
        )
        values = (starts, ends, impossible)
        return found, dict(zip(LABELS, values, strict=True))

    def _question(self, number: int, row: dict, answer) -> passages.Question:
        text, begin = _answer(answer, row["context"], number)
        return passages.Question(
            number,
            str(number),
            row["question"],
            passages.Passage(row["context"]),
            [],
            text,
            begin,
            is_impossible=begin == passages.NO_PLACE,
        )


def _answer(answer, context: str, number: int) -> tuple[str, int]:
    """Return the text of an answer and where it begins."""
    if isinstance(answer, Mapping):
        values = [answer.get("text"), answer.get("answer_start")]
        answer = [
            v[0] if isinstance(v, list | tuple) and v else v for v in values
        ]
        answer = None if answer in ([[], []], [(), ()]) else answer
    if answer is None:
        return "", passages.NO_PLACE
    if isinstance(answer, list | tuple) and len(answer) == 2:
        text, begin = answer
        if (
            isinstance(text, str)
            and isinstance(begin, int | np.integer)
            and text
            and context[begin : begin + len(text)] == text
        ):
            return text, int(begin)
    raise UserError(
        f"The answer to row {number} must be its text and the number of its "
        f"first character in the context, or None. Received: {shown(answer)}; "
        f"the context begins with {shown(context[:40])}."
    )
