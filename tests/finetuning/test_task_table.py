"""All tasks by name."""

import subprocess
import sys

import pytest

from electra_tf.configs import TASK_NAMES
from electra_tf.finetuning import task_table
from tests.finetuning import sentences


def test_the_table_has_only_names_that_flags_take():
    assert set(task_table.TASKS) <= set(TASK_NAMES)


def test_a_task_that_is_not_there_yet():
    with pytest.raises(ValueError) as error:
        task_table.tasks(sentences.config(task_names=["cola", "squad"]))
    assert str(error.value).startswith("There is no task 'squad' yet.")
    assert str(error.value).endswith(
        "Tasks for task_names: cola, sst, mrpc, sts, qqp, mnli, qnli, rte, "
        "chunk, classification."
    )


def test_reading_data_does_not_wait_for_tensorflow():
    code = (
        "import sys, run_finetuning;"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
