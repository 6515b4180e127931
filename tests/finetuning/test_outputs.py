"""Outputs for every example, however many replicas compute them."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config
from electra_tf.finetuning import inputs
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.outputs import Predictor
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.training import checkpoints
from tests.finetuning import sentences
from tests.replicas import two_replicas

STRATEGIES = {
    "off": tf.distribute.get_strategy,
    "one_device": lambda: tf.distribute.OneDeviceStrategy("/cpu:0"),
    "mirrored": two_replicas,
}
TEXTS = ["a " * n + "film" for n in (1, 9, 3, 12, 2, 5, 7)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_outputs_are_in_the_order_of_the_examples(tmp_path, strategy):
    config = sentences.config()
    tasks = task_table.tasks(config)
    examples = [Example(i, text, None, 0) for i, text in enumerate(TEXTS)]
    split = inputs.make(
        tasks, {"sst": examples}, sentences.tokenizer(tmp_path), batch_size=4
    )
    alone = FinetuningModel(encoder_config(config), tasks)
    strategy = STRATEGIES[strategy]()
    with strategy.scope():
        model = FinetuningModel(encoder_config(config), tasks)
    values = {path: v.numpy() for path, v in alone.variables.items()}
    checkpoints.assign(model.variables, values)

    outputs = Predictor(model, tasks[0], strategy, None, 16)(split, 4)

    assert outputs["eid"].tolist() == [*range(7)]
    order = np.arange(8).reshape(1, 8)
    (batch,) = inputs.batches(split, order, None, 16)
    expected = alone(batch, None)["sst"]["logits"][:7]
    np.testing.assert_allclose(outputs["logits"], expected, atol=1e-6)
