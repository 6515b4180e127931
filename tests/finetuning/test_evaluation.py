"""Outputs for every example of a split, and failures of trials."""

import json

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config
from electra_tf.finetuning import inputs
from electra_tf.finetuning.evaluation import failure, final_loss
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.outputs import Predictor
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.weights import assign
from tests.finetuning import sentences
from tests.replicas import two_replicas

STRATEGIES = {
    "off": tf.distribute.get_strategy,
    "one_device": lambda: tf.distribute.OneDeviceStrategy("/cpu:0"),
    "mirrored": two_replicas,
}
SAME = "it predicts the same for every example"
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
    assign(model.variables, values)

    outputs = Predictor(model, tasks[0], strategy, None, 16)(split, 4)

    assert outputs["eid"].tolist() == [*range(7)]
    order = np.arange(8).reshape(1, 8)
    (batch,) = inputs.batches(split, order, None, 16)
    expected = alone(batch, None)["sst"]["logits"][:7]
    np.testing.assert_allclose(outputs["logits"], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "gold", "predictions", "expected"),
    [
        ("label_ids", [0, 1, 0], [0, 0, 0], SAME),
        ("label_ids", [0, 1, 0], [0, 1, 0], ""),
        ("label_ids", [1, 1, 1], [1, 1, 1], ""),
        ("label_ids", [[0, 1], [1, 0]], [[0, 1], [0, 1]], SAME),
        ("label_ids", [[0, 1], [1, 0]], [[0, 1], [0, 0]], ""),
        ("targets", [0.0, 1.0], [0.5, 0.501], SAME),
        ("targets", [0.0, 1.0], [0.4, 0.6], ""),
    ],
)
def test_constant_predictions(labels, gold, predictions, expected):
    outputs = {labels: gold, "predictions": predictions}
    assert failure(outputs, {"accuracy": 50.0}) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"mcc": 0.0}, "its mcc is 0"),
        ({"mcc": 1.0}, ""),
        ({"pearson": float("nan")}, "its pearson is not a number"),
        ({"f1": 0.0, "precision": 0.0}, "its f1 is 0"),
        # Right about questions without an answer, by never giving any.
        ({"f1": 50.0, "HasAns_f1": 0.0}, "its HasAns_f1 is 0"),
    ],
)
def test_scores_of_nothing_learnt(scores, expected):
    outputs = {"predictions": [0, 1], "label_ids": [0, 1]}
    assert failure(outputs, scores) == expected
    answers = {"start_logits": [[0.0]]}
    assert failure(answers, scores) == expected


def test_training_that_is_no_better_than_a_constant():
    outputs = {"predictions": [0, 1], "label_ids": [0, 1]}
    assert failure(outputs, {}, 0.69, 0.7) == ""
    assert failure(outputs, {}, 0.7, 0.69) == (
        "its training loss ended at 0.700, not below the 0.690 of always "
        "predicting the same"
    )
    assert failure(outputs, {}, None, 0.69) == ""
    assert failure(outputs, {}, 0.7, None) == ""


def test_the_last_tenth_of_training_counts(tmp_path):
    assert final_loss(str(tmp_path), "x_loss") is None
    rows = [{"step": step, "x_loss": step} for step in range(40)]
    rows[-1]["x_loss"] = None  # Was not finite.
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "metrics.jsonl").write_text(text)
    assert final_loss(str(tmp_path), "x_loss") == 37
    assert final_loss(str(tmp_path), "y_loss") is None
