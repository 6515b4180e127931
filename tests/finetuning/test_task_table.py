"""All tasks by name."""

import subprocess
import sys

from electra_tf.configs import TASK_NAMES
from electra_tf.finetuning import task_table
from tests.finetuning import sentences


def test_the_table_has_the_names_that_flags_take():
    assert set(task_table.TASKS) == set(TASK_NAMES)


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
