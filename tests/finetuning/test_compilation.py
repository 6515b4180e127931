"""Whole steps of all heads compile by XLA, as TPUs need."""

import dataclasses
import types

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config
from electra_tf.finetuning.heads import HEADS
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.optimizer import AdamW
from electra_tf.training.settings import Settings
from electra_tf.training.step import TrainStep
from tests.compiled import lowered
from tests.finetuning import sentences

EXAMPLES, LENGTH = 4, 6
SIZES = {"classification": 3, "multilabel": 3, "tagging": 3}
SPANS = {
    "answerable_classifier": True,
    "answerable_uses_start_logits": True,
    "answerable_weight": 0.5,
}
OPTIONS = {
    "joint_question_answering": {**SPANS, "beam_size": 2},
    "independent_question_answering": SPANS,
}
OF_EXAMPLES = ("eid", "label_ids", "choice", "is_impossible")
OF_EXAMPLES += ("start_positions", "end_positions")
OF_TOKENS = ("label_numbers", "labeled_positions", "labels")


def features() -> dict:
    """What any head may ask for, all of it 1."""
    shapes = {
        **dict.fromkeys(("input_ids", "input_mask", "segment_ids"), LENGTH),
        "task_id": None,
    }
    for kind in HEADS:
        shapes |= {f"{kind}_{name}": None for name in OF_EXAMPLES}
        shapes |= {f"{kind}_{name}": LENGTH for name in OF_TOKENS}
    made = {
        name: np.ones((EXAMPLES, length) if length else EXAMPLES, np.int32)
        for name, length in shapes.items()
    }
    made["regression_targets"] = np.ones(EXAMPLES, np.float32)
    made["tagging_labels_mask"] = np.ones((EXAMPLES, LENGTH), np.float32)
    return {name: tf.constant(value) for name, value in made.items()}


@pytest.mark.parametrize(
    "accumulation_steps", [1, pytest.param(2, marks=pytest.mark.slow)]
)
def test_every_head(accumulation_steps):
    tasks = [
        types.SimpleNamespace(
            name=kind, head=(kind, SIZES.get(kind, 1), OPTIONS.get(kind, {}))
        )
        for kind in HEADS
    ]
    config = encoder_config(sentences.config())
    model = FinetuningModel(
        dataclasses.replace(config, num_hidden_layers=1),
        tasks,
        lookup="one_hot",
    )
    train_step = TrainStep(
        model.losses,
        AdamW(model.variables, lambda step: 1e-3),
        iterator=None,
        strategy=tf.distribute.get_strategy(),
        step=tf.Variable(0, dtype=tf.int64),
        settings=Settings(1, 1, accumulation_steps=accumulation_steps),
        guard=NonFiniteGuard(1),
    )
    batch = features()
    assert f"f32[{EXAMPLES // accumulation_steps},{LENGTH}" in lowered(
        train_step.update, batch
    )
    if accumulation_steps == 1:
        assert f"f32[{EXAMPLES},{LENGTH}" in lowered(
            lambda batch: model(batch, None), batch
        )
