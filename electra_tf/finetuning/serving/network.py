"""A fine-tuned model as a function of token ids: no labels, no dropout.

B batch, L length, W words to tag.
"""

import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.finetuning.finetuned_model import FinetunedModel, FinetunedTask
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.weights import assign

# What heads return besides their predictions: about labels, of which there
# are none, and the number of the example.
_NOT_PREDICTED = {
    *("loss", "label_ids", "targets", "labels_mask", "eid", "choice")
}


def needs_positions(task: FinetunedTask) -> bool:
    """Say whether a task's inputs say where the words to tag begin."""
    return task.head.kind == "tagging"


class Served:
    """The network of one of a model's tasks, with a folder's weights."""

    def __init__(self, tuned: FinetunedModel, task: FinetunedTask):
        self.task = task
        try:
            self.network = FinetuningModel(tuned.encoder, [task], is_given=True)
        except TypeError as error:  # Of arguments that no head has.
            raise UserError(
                f"options of {task.name} in the tasks.json of {tuned.path} "
                f"must be those of a head {task.head.kind}: {error}."
            ) from None
        assign(self.network.variables, tuned.model.variables)

    @property
    def variables(self) -> dict:
        """All variables by path."""
        return self.network.variables

    def __call__(
        self, input_ids, input_mask, segment_ids, positions=None
    ) -> dict:
        """Return the head's predictions.

        Args:
            input_ids: int32 `(B, L)`.
            input_mask: int32 `(B, L)`, 1 for tokens and 0 for padding.
            segment_ids: int32 `(B, L)`.
            positions: int32 `(B, W)` for tagging, else None.
        """
        # What a head compares its predictions with is not there.
        none = tf.zeros_like(input_ids[:, 0])
        labels = LABELS[self.task.head.kind](none, positions)
        features = {
            "input_ids": input_ids,
            "input_mask": input_mask,
            "segment_ids": segment_ids,
            **{
                f"{self.task.name}_{name}": values
                for name, values in {"eid": none, **labels}.items()
            },
        }
        outputs = self.network(features, None)[self.task.name]
        # Logits tell all; what Keras chooses by them LiteRT does not have.
        more = {"predictions"} if "logits" in outputs else set()
        return {
            name: values
            for name, values in outputs.items()
            if name not in _NOT_PREDICTED | more
        }


def _no_span(none, positions) -> dict:
    names = ("start_positions", "end_positions", "is_impossible")
    return dict.fromkeys(names, none)


def _no_tags(none, positions) -> dict:
    return {
        "labels": tf.zeros_like(positions),
        "labels_mask": tf.ones_like(positions, tf.float32),
        "labeled_positions": positions,
    }


# By the kind of head.
LABELS = {
    "classification": lambda none, positions: {"label_ids": none},
    "multilabel": lambda none, positions: {"label_numbers": none[:, None]},
    "regression": lambda none, positions: {
        "targets": tf.cast(none, tf.float32)
    },
    "multiple_choice": lambda none, positions: {
        "choice": tf.ones_like(none),
        "label_ids": none,
    },
    "tagging": _no_tags,
    "joint_question_answering": _no_span,
    "independent_question_answering": _no_span,
}
