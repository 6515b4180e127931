"""Operations of fine-tuning, against the products of the graphs."""

import math
import types

import pytest
import tensorflow as tf

from electra_tf.configs import TASKS, FinetuningConfig, encoder_config
from electra_tf.efficiency import finetuning_flops
from electra_tf.efficiency.executed_flops import OPTIMIZER
from electra_tf.finetuning.model import FinetuningModel
from electra_tf.finetuning.tasks.task import HeadSpec
from electra_tf.finetuning.tasks.task_table import tasks
from tests import tiny
from tests.efficiency import graph_products

BATCH, LENGTH, WORDS = 2, 16, 16
QUESTION = {
    "answerable_classifier": True,
    "answerable_uses_start_logits": True,
    "answerable_weight": 0.5,
}
HEADS = {
    "classification": HeadSpec("classification", 3),
    "multilabel": HeadSpec("multilabel", 3),
    "regression": HeadSpec("regression", 1),
    "tagging": HeadSpec("tagging", 5),
    "joint": HeadSpec(
        "joint_question_answering", 1, {**QUESTION, "beam_size": 2}
    ),
    "independent": HeadSpec(
        "independent_question_answering",
        1,
        {**QUESTION, "answerable_uses_start_logits": False},
    ),
    "always answered": HeadSpec(
        "independent_question_answering",
        1,
        {**QUESTION, "answerable_classifier": False},
    ),
}


def config(**settings) -> FinetuningConfig:
    required = {"data_dir": "D", "model_name": "M", "train_batch_size": BATCH}
    small = {"vocab_size": 50, "embedding_size": 4, "max_seq_length": LENGTH}
    small["model_hparam_overrides"] = tiny.pretraining().model_hparam_overrides
    return FinetuningConfig(**{**required, **small, **settings})


def maker(*heads):
    def make():
        named = [
            types.SimpleNamespace(name=f"task{i}", head=head)
            for i, head in enumerate(heads)
        ]
        return FinetuningModel(encoder_config(config()), named)

    return make


def features(tasks_number: int) -> dict:
    """Inputs of any tasks called "task0", "task1", ..."""
    tokens = tf.TensorSpec((BATCH, LENGTH), tf.int32)
    words = tf.TensorSpec((BATCH, WORDS), tf.int32)
    number = tf.TensorSpec((BATCH,), tf.int32)
    found = dict.fromkeys(["input_ids", "input_mask", "segment_ids"], tokens)
    found["task_id"] = number
    for i in range(tasks_number):
        for name in ("label_ids", "eid", "start_positions", "end_positions"):
            found[f"task{i}_{name}"] = number
        for name in ("labeled_positions", "labels", "label_numbers"):
            found[f"task{i}_{name}"] = words
        found[f"task{i}_is_impossible"] = number
        found[f"task{i}_targets"] = tf.TensorSpec((BATCH,), tf.float32)
        found[f"task{i}_labels_mask"] = tf.TensorSpec(
            (BATCH, WORDS), tf.float32
        )
    return found


def check(*heads):
    def losses(model, features, random):
        return model.losses(features, random)

    graphs = graph_products.trace(maker(*heads), losses, features(len(heads)))
    forward, update = map(graph_products.products, graphs)
    work = finetuning_flops.input_work(config(), heads, LENGTH).times(BATCH)
    assert work.products + work.lookups == forward
    assert graph_products.training_products(work) == update


@pytest.mark.parametrize("head", HEADS)
def test_products_of_every_head(head):
    check(HEADS[head])


def test_products_of_tasks_together():
    check(HEADS["classification"], HEADS["joint"])


@pytest.mark.parametrize("head", HEADS)
def test_parameters_are_those_of_the_model(head):
    with graph_products.without_weights():
        model = maker(HEADS[head])()
    sizes = [math.prod(v.shape) for v in model.variables.values()]
    found = finetuning_flops.finetuning_parameters(config(), [HEADS[head]])
    assert found == sum(sizes)


def test_an_update_by_hand():
    heads = [HEADS["regression"]]
    work = finetuning_flops.input_work(config(), heads, LENGTH)
    weights = finetuning_flops.finetuning_parameters(config(), heads)
    assert finetuning_flops.update_flops(config(), heads, LENGTH) == (
        BATCH * (work.forward + work.backward) + OPTIMIZER * weights
    )


def test_prediction_follows_a_beam_of_starts():
    heads = [HEADS["joint"]]
    one, five = (
        finetuning_flops.input_work(config(), heads, LENGTH, starts).products
        for starts in (1, 5)
    )
    assert five - one == 4 * 2 * 512 * (8 + LENGTH)


@pytest.mark.parametrize(
    "task",
    [name for name in TASKS if name != "chunk" and not TASKS[name].own_data],
)
@pytest.mark.parametrize("joint", [True, False])
def test_heads_are_those_of_the_tasks(task, joint):
    chosen = config(task_names=(task,), joint_prediction=joint)
    (ours,), (theirs,) = finetuning_flops.heads_of(chosen), tasks(chosen)
    assert ours.kind == theirs.head.kind
    assert ours.size == theirs.head.size
    assert set(ours.options.items()) <= set(theirs.head.options.items())


def test_heads_of_your_own_data():
    own = {"train_file": "t", "text_column": "a", "label_column": "b"}
    own |= {"text_pair_column": "c", "do_eval": False}
    of_one = {"multiple_choice": {"choice_columns": "d"}}
    kinds = {
        name: finetuning_flops.heads_of(
            config(task=name, **own, **of_one.get(name, {}))
        )[0].kind
        for name, row in TASKS.items()
        if row.own_data
    }
    assert kinds == {
        "classification": "classification",
        "pair": "classification",
        "multilabel": "multilabel",
        "regression": "regression",
        "multiple_choice": "multiple_choice",
        "tagging": "tagging",
        "qa": "joint_question_answering",
    }
