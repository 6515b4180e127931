"""Columns of features, and the order in which they are trained on."""

import types

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import BATCHINGS
from electra_tf.finetuning import inputs
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from tests.finetuning import sentences

TEXTS = ("good", "a very good film .", "bad book", "very " * 30, "film s")


@pytest.fixture
def made(tmp_path):
    """Five examples of one task, padded to eight."""
    return make(tmp_path, batch_size=4)


def make(folder, batch_size: int) -> inputs.Inputs:
    tasks = task_table.tasks(sentences.config())
    examples = [
        Example(index, text, None, index % 2)
        for index, text in enumerate(TEXTS)
    ]
    return inputs.make(
        tasks, {"sst": examples}, sentences.tokenizer(folder), batch_size
    )


def batches(made, order, length=None, context=None) -> list[dict]:
    dataset = inputs.batches(made, np.array(order), length, 16, context)
    return [*dataset.as_numpy_iterator()]


def test_padding_examples_belong_to_no_task(made):
    assert (made.num_real, len(made)) == (5, 8)
    (batch,) = batches(made, [[4, 5, 6, 7]])
    assert batch["task_id"].tolist() == [0, 1, 1, 1]
    assert not batch["input_ids"][1:].any()
    assert not batch["input_mask"][1:].any()


def test_examples_that_are_cut_are_counted(made, tmp_path, capsys):
    tokenizer = sentences.tokenizer(tmp_path)
    inputs.print_losses(made, tokenizer, "of sst dev", "max_seq_length 16")
    said = "1 of 5 examples of sst dev are cut, for they are longer than max"
    assert said in capsys.readouterr().err


def test_batches_are_as_long_as_their_longest_example(made):
    widths = [
        batch["input_ids"].shape[1]
        for batch in batches(made, [[0, 2], [1, 2], [0, 3], [5, 6]])
    ]
    assert widths == [4, 8, 16, 2]
    (fixed,) = batches(made, [[0, 2]], length=16)
    assert fixed["segment_ids"].shape == (2, 16)


@pytest.mark.parametrize("length", [None, 16])
@pytest.mark.parametrize("replicas", [1, 2])
def test_widths_are_those_of_the_batches(made, length, replicas):
    order = np.array([[0, 2], [1, 2], [0, 3], [5, 6]])
    context = tf.distribute.InputContext(1, 0, replicas)
    found = inputs.widths(made, order, length, 16, replicas)
    assert found.ravel().tolist() == [
        batch["input_ids"].shape[1]
        for batch in batches(made, order, length, context)
    ]


def test_shape_is_known_where_it_is_fixed(made):
    order = np.zeros((1, 4), int)
    free = inputs.batches(made, order, None, 16).element_spec
    fixed = inputs.batches(made, order, 16, 16).element_spec
    assert free["input_ids"].shape.as_list() == [4, None]
    assert fixed["input_ids"].shape.as_list() == [4, 16]


def test_an_epoch_holds_every_example_once(made):
    order = inputs.training_order(made, 4, num_steps=5, seed=1)
    assert order.shape == (5, 4)
    for epoch in (order[:2], order[2:4]):
        assert sorted(epoch.ravel()) == [*range(8)]
        assert epoch.ravel()[5:].tolist() == [5, 6, 7]


@pytest.mark.parametrize("batching", inputs.BATCHINGS)
def test_the_order_is_a_function_of_seed_and_epoch(made, batching):
    def order(seed):
        return inputs.training_order(made, 2, 40, seed, batching)

    np.testing.assert_array_equal(order(1), order(1))
    assert (order(1) != order(2)).any()
    assert (order(1)[:4] != order(1)[4:8]).any()


def test_all_ways_of_batching_can_be_chosen():
    assert tuple(inputs.BATCHINGS) == BATCHINGS


@pytest.fixture
def many(tmp_path):
    """Examples of 29 lengths, two pools of them and a bit, and padding."""
    tasks = task_table.tasks(sentences.config(max_seq_length=32))
    lengths = np.random.default_rng(0).integers(1, 30, 2 * 50 * 4 + 11)
    examples = [
        Example(n, " ".join(["a"] * length), None, 0)
        for n, length in enumerate(lengths)
    ]
    return inputs.make(
        tasks, {"sst": examples}, sentences.tokenizer(tmp_path), batch_size=4
    )


def test_batches_by_length_hold_every_example_once(many):
    steps = len(many) // 4
    order = inputs.training_order(many, 4, 2 * steps, 1, "by_length")
    for epoch in (order[:steps], order[steps:]):
        assert sorted(epoch.ravel()) == [*range(len(many))]


def test_batches_by_length_pad_little_and_come_in_any_order(many):
    order = inputs.training_order(many, 4, len(many) // 4, 1, "by_length")
    lengths = many.lengths[order]
    longest = lengths.max(axis=1)
    # Four of the 29 lengths at random span 18.
    full = (order < many.num_real).all(axis=1)
    assert np.ptp(lengths, axis=1)[full].mean() < 3
    assert 0.3 < np.mean(np.diff(longest) > 0) < 0.7


def test_evaluation_begins_with_the_longest(made):
    order = inputs.evaluation_order(made, 4)
    assert order[0, 0] == 3
    assert sorted(order.ravel()) == [*range(8)]


def context(pipeline: int, pipelines: int, replicas: int):
    return types.SimpleNamespace(
        input_pipeline_id=pipeline,
        num_input_pipelines=pipelines,
        num_replicas_in_sync=replicas,
    )


def test_replicas_share_the_batches_of_one_device(made):
    order = np.arange(8).reshape(2, 4)
    alone = batches(made, order, 16)
    one = batches(made, order, 16, context(0, 2, 4))
    two = batches(made, order, 16, context(1, 2, 4))
    assert len(one) == len(two) == 4
    for step in range(2):
        parts = one[2 * step : 2 * step + 2] + two[2 * step : 2 * step + 2]
        np.testing.assert_array_equal(
            np.concatenate([part["input_ids"] for part in parts]),
            alone[step]["input_ids"],
        )


def test_a_batch_must_be_divisible_by_the_replicas(made):
    with pytest.raises(ValueError, match=r"replicas, 3\. Received: 4"):
        batches(made, [[0, 1, 2, 3]], 16, context(0, 1, 3))


def test_steps_are_whole_updates_of_all_epochs(made):
    assert inputs.num_train_steps(made, 4, 2.5) == 5
    with pytest.raises(ValueError) as error:
        inputs.num_train_steps(made, 4, 0.1)
    assert "num_train_epochs 0.1 of 5 examples make no update" in str(
        error.value
    )


def test_examples_can_be_read(tmp_path, made):
    text = inputs.described(made, 1, sentences.tokenizer(tmp_path))
    assert text.startswith("[CLS] a very good film . [SEP]\n")
    assert "  sst_label_ids: 1" in text
