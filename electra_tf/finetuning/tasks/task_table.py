"""From the names of tasks to what reads them; no TensorFlow."""

import importlib

from electra_tf.configs import TASKS
from electra_tf.finetuning.tasks.task import Task


def tasks(config) -> list[Task]:
    """Return the tasks that a `FinetuningConfig` asks for.

    Their position in the list is the `task_id` of their examples.
    """
    return [implementation(name)(name, config) for name in config.task_names]


def implementation(name: str) -> type[Task]:
    """Return the class of a row of `TASKS`."""
    module, _, class_name = TASKS[name].implementation.rpartition(".")
    found = importlib.import_module(f"electra_tf.finetuning.tasks.{module}")
    return getattr(found, class_name)
