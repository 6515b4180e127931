"""Trials, and that replicas do not change them."""

import pathlib

import numpy as np
import pytest

from electra_tf.efficiency import finetuning_flops
from electra_tf.efficiency.finetuning_flops import (
    Head,
    flops_of_updates,
    update_flops,
)
from electra_tf.finetuning import heads
from electra_tf.finetuning.finetuner import Finetuner
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.training import checkpoints, distribution
from tests.finetuning import sentences
from tests.replicas import two_replicas

TEXTS = ("a good film", "bad", "very very good book .", "a bad book")
EXAMPLES = [Example(i, TEXTS[i % 4], None, 1 - i % 2) for i in range(14)]


def finetuner(
    folder: pathlib.Path, examples: list = EXAMPLES, **settings
) -> Finetuner:
    shape = sentences.config().model_hparam_overrides
    config = sentences.config(
        **{
            "data_dir": str(folder),
            "from_scratch": True,
            "model_hparam_overrides": {
                **shape,
                "num_hidden_layers": 1,
                "hidden_dropout_prob": 0.0,
                "attention_probs_dropout_prob": 0.0,
            },
            "num_train_epochs": 2,
            "learning_rate": 1e-3,
            **settings,
        }
    )
    examples = {("sst", split): examples for split in ("train", "dev")}
    tasks = task_table.tasks(config)
    return Finetuner(config, tasks, sentences.tokenizer(folder), examples)


def weights(made: Finetuner, trial: int) -> dict:
    return checkpoints.read_variables(f"{made.config.model_dir}_{trial}")


@pytest.fixture
def no_dropout(monkeypatch):
    monkeypatch.setattr(heads, "DROPOUT_RATE", 0.0)


def test_replicas_train_as_one_device_does(tmp_path, monkeypatch, no_dropout):
    alone = finetuner(tmp_path, model_name="alone")
    (expected_result,) = alone.run()
    monkeypatch.setattr(distribution, "strategy", lambda *_: two_replicas())
    together = finetuner(tmp_path, model_name="together")
    (result,) = together.run()
    expected = weights(alone, 1)
    for path, value in weights(together, 1).items():
        np.testing.assert_allclose(
            value, expected[path], atol=1e-5, err_msg=path
        )
    loss = expected_result.metrics["loss"]
    assert result.metrics["loss"] == pytest.approx(loss, abs=1e-5)


@pytest.mark.slow
def test_trials_differ_and_repeat_exactly(tmp_path):
    first = finetuner(tmp_path, num_trials=2, keep_all_models=False)
    losses = [result.metrics["loss"] for result in first.run()]
    assert losses[0] != losses[1]
    folder = pathlib.Path(first.config.model_dir).parent
    trials = [path.name for path in folder.glob("sst_model_*")]
    assert trials == ["sst_model_2"]
    # Trial 2 of seed 42 draws what trial 1 of seed 43 does.
    (result,) = finetuner(tmp_path, model_name="again", seed=43).run()
    assert result.metrics["loss"] == losses[1]


@pytest.mark.slow
def test_after_the_last_seed_comes_the_first(tmp_path):
    few = {"examples": EXAMPLES[:4], "num_train_epochs": 1}
    last = finetuner(tmp_path, seed=2**32 - 1, num_trials=2, **few)
    _, second = last.run()
    (expected,) = finetuner(tmp_path, model_name="b", seed=0, **few).run()
    assert second.metrics["loss"] == expected.metrics["loss"]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    made = finetuner(tmp_path)
    folder = pathlib.Path(f"{made.config.model_dir}_1")
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("four years")
    with pytest.raises(FileExistsError, match="is in the way"):
        made.run()
    assert (folder / "thesis.txt").exists()


def test_unknown_tokens_are_told_at_the_start(tmp_path, capsys):
    texts = ("a good film", "bad zebra .", "a zebra", "zebras", "\u200b")
    examples = [Example(i, t, None, i % 2) for i, t in enumerate(texts)]
    finetuner(tmp_path, examples)
    said = capsys.readouterr().err
    assert "3 tokens are [UNK], 33.33% of those to train on" in said
    assert "3 tokens are [UNK], 33.33% of those of sst dev" in said
    assert "2 of 2 different words that are [UNK] have characters" in said
    assert "Learn a vocabulary" in said
    assert "1 of 5 examples to train on have no token" in said


def test_updates_cost_by_their_lengths():
    config = sentences.config()
    head = [Head("classification", 2)]
    (task,) = task_table.tasks(config)
    done = flops_of_updates(config, [task.head], np.array([[8, 8], [8, 16]]))
    short, long = (update_flops(config, head, length) for length in (8, 16))
    assert done(0) == 0
    assert done(1) == short
    assert done(2) == pytest.approx(short + (short + long) / 2)


def test_every_head_is_counted():
    assert set(heads.HEADS) == set(finetuning_flops.HEADS)
