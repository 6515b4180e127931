"""All tasks by name."""

import subprocess
import sys

import pytest

from electra_tf.configs import TASKS
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.task import Task
from tests.finetuning import sentences


@pytest.mark.parametrize("name", TASKS)
def test_every_row_has_its_class(name):
    made = task_table.implementation(name)
    assert issubclass(made, Task)
    assert not made.__abstractmethods__


def test_tasks_come_in_the_order_asked_for():
    names = ["squad", "chunk", "cola"]
    tasks = task_table.tasks(sentences.config(task_names=names))
    assert [task.name for task in tasks] == names


def test_reading_data_does_not_wait_for_tensorflow():
    code = (
        "import sys, run_finetuning;"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
