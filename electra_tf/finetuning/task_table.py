"""All tasks by name; no TensorFlow."""

from electra_tf.configs import CLASSIFICATION
from electra_tf.finetuning.custom import OwnClassification
from electra_tf.finetuning.glue import GLUE, GlueTask
from electra_tf.finetuning.question_answering import (
    QUESTION_ANSWERING,
    QuestionAnswering,
)
from electra_tf.finetuning.tagging import Chunking
from electra_tf.finetuning.task import Task

TASKS: dict[str, type[Task]] = {
    **dict.fromkeys(GLUE, GlueTask),
    **dict.fromkeys(QUESTION_ANSWERING, QuestionAnswering),
    "chunk": Chunking,
    CLASSIFICATION: OwnClassification,
}


def tasks(config) -> list[Task]:
    """Return the tasks that a `FinetuningConfig` asks for.

    Their position in the list is the `task_id` of their examples.
    """
    return [TASKS[name](name, config) for name in config.task_names]
