"""All tasks by name; no TensorFlow."""

from electra_tf import hparams
from electra_tf.configs import CLASSIFICATION
from electra_tf.finetuning.custom import OwnClassification
from electra_tf.finetuning.glue import GLUE, GlueTask
from electra_tf.finetuning.tagging import Chunking
from electra_tf.finetuning.task import Task

TASKS: dict[str, type[Task]] = {
    **dict.fromkeys(GLUE, GlueTask),
    "chunk": Chunking,
    CLASSIFICATION: OwnClassification,
}


def tasks(config) -> list[Task]:
    """Return the tasks that a `FinetuningConfig` asks for.

    Their position in the list is the `task_id` of their examples.

    Raises:
        ValueError: for a task that the table lacks; names those it has.
    """
    for name in config.task_names:
        if name not in TASKS:
            suggestion = hparams.suggestion(name, TASKS)
            raise ValueError(
                f"There is no task {name!r} yet.{suggestion} Tasks for "
                f"task_names: {', '.join(TASKS)}."
            )
    return [TASKS[name](name, config) for name in config.task_names]
