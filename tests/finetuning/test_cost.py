"""What a trial's updates cost."""

import numpy as np
import pytest

from electra_tf.efficiency import finetuning_flops
from electra_tf.efficiency.finetuning_flops import Head, update_flops
from electra_tf.finetuning import cost, heads
from electra_tf.finetuning.tasks import task_table
from tests.finetuning import sentences


def test_updates_cost_by_their_lengths():
    config = sentences.config()
    tasks = task_table.tasks(config)
    done = cost.executed_flops(config, tasks, np.array([[8, 8], [8, 16]]))
    head = [Head("classification", 2)]
    short, long = (update_flops(config, head, length) for length in (8, 16))
    assert done(0) == 0
    assert done(1) == short
    assert done(2) == pytest.approx(short + (short + long) / 2)


def test_every_head_is_counted():
    assert set(heads.HEADS) == set(finetuning_flops.HEADS)
