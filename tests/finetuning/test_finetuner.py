"""Trials, and that replicas do not change them."""

import pathlib

import numpy as np
import pytest

from electra_tf.finetuning import heads
from electra_tf.finetuning.finetuner import Finetuner
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.classification import Example
from electra_tf.training import checkpoints, distribution
from tests.finetuning import sentences
from tests.replicas import two_replicas

TEXTS = ("a good film", "bad", "very very good book .", "a bad book")
EXAMPLES = [Example(i, TEXTS[i % 4], None, 1 - i % 2) for i in range(14)]


def finetuner(folder: pathlib.Path, **settings) -> Finetuner:
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
    examples = {("sst", split): EXAMPLES for split in ("train", "dev")}
    tasks = task_table.tasks(config)
    return Finetuner(config, tasks, sentences.tokenizer(folder), examples)


def weights(made: Finetuner, trial: int) -> dict:
    return checkpoints.read_variables(f"{made.config.model_dir}_{trial}")


@pytest.fixture
def no_dropout(monkeypatch):
    monkeypatch.setattr(heads, "DROPOUT_RATE", 0.0)


def test_replicas_train_as_one_device_does(tmp_path, monkeypatch, no_dropout):
    alone = finetuner(tmp_path, model_name="alone")
    alone.run()
    monkeypatch.setattr(distribution, "strategy", lambda *_: two_replicas())
    together = finetuner(tmp_path, model_name="together")
    together.run()
    expected = weights(alone, 1)
    for path, value in weights(together, 1).items():
        np.testing.assert_allclose(
            value, expected[path], atol=1e-5, err_msg=path
        )
    loss = alone.results[0].metrics["loss"]
    assert together.results[0].metrics["loss"] == pytest.approx(loss, abs=1e-5)


@pytest.mark.slow
def test_trials_differ_and_repeat_exactly(tmp_path):
    first = finetuner(tmp_path, num_trials=2, keep_all_models=False)
    first.run()
    losses = [result.metrics["loss"] for result in first.results]
    assert losses[0] != losses[1]
    folder = pathlib.Path(first.config.model_dir).parent
    assert [path.name for path in folder.iterdir()] == ["sst_model_2"]
    # Trial 2 of seed 42 draws what trial 1 of seed 43 does.
    second = finetuner(tmp_path, seed=43)
    second.run()
    assert second.results[0].metrics["loss"] == losses[1]


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    made = finetuner(tmp_path)
    folder = pathlib.Path(f"{made.config.model_dir}_1")
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("four years")
    with pytest.raises(FileExistsError, match="is in the way"):
        made.run()
    assert (folder / "thesis.txt").exists()
