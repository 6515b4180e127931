"""Runs whose updates blow up, and how they go on."""

import numpy as np
import pytest

from electra_tf.errors import UserError
from electra_tf.training import checkpoint_folder, rollback
from electra_tf.training.checkpoint_folder import CheckpointFolder
from electra_tf.training.non_finite import NonFiniteError
from electra_tf.training.step import TrainStep
from tests import tiny
from tests.training.test_loop import LinearRun, rows

SETTINGS = {"max_skipped_updates": 4, "steps_per_loop": 1, "save_every": 1}


@pytest.fixture
def explosion(monkeypatch):
    """After update 6 the weights are far too large, once."""
    run, times = TrainStep.run, []

    def exploding(train_step, num_steps):
        if int(train_step.step.numpy()) == 6 and not times:
            times.append(6)
            for variable in train_step.optimizer.variables.values():
                variable.assign(variable + 1e30)
        return run(train_step, num_steps)

    monkeypatch.setattr(TrainStep, "run", exploding)


def test_good_checkpoints_stay_and_the_run_goes_back(
    tmp_path, explosion, capsys
):
    whole = LinearRun(None)
    with pytest.raises(NonFiniteError) as error:
        LinearRun(tmp_path, keep=2, rollback=False, **SETTINGS).loop.train()
    assert "proven good is of update 5, in" in str(error.value)
    assert "--rollback" in str(error.value)
    steps = checkpoint_folder.steps_in(str(tmp_path))
    assert steps == [5, 8, 9]
    assert (tmp_path / rollback.MARKER).exists()

    resumed = LinearRun(tmp_path, keep=2, rollback=True, **SETTINGS)
    assert "from update 9 to 5" in capsys.readouterr().err
    resumed.loop.train()
    whole.loop.train()
    np.testing.assert_array_equal(resumed.weight, whole.weight)
    assert [row["step"] for row in rows(tmp_path / "metrics.jsonl")] == [
        *range(1, 13)
    ]
    assert (tmp_path / "model.ckpt-9.index.rolled_back").exists()
    assert not (tmp_path / rollback.MARKER).exists()
    # Asked for once more, there is nothing to go back from.
    again = LinearRun(tmp_path, keep=2, rollback=True, **SETTINGS)
    assert int(again.loop.step.numpy()) == 12


def test_saved_right_after_it_blew_up(tmp_path):
    """The checkpoint of update 6 has finite losses before it, none after."""
    settings = {**SETTINGS, "max_skipped_updates": 2, "save_every": 3}
    save = CheckpointFolder.save

    def exploded(folder, step):
        if step == 6:
            values = folder.saved.model["model/weight.x"]
            values.assign(values + 1e30)
        save(folder, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CheckpointFolder, "save", exploded)
        with pytest.raises(NonFiniteError, match="of update 3, in"):
            LinearRun(tmp_path, rollback=False, **settings).loop.train()
    assert checkpoint_folder.steps_in(str(tmp_path)) == [3, 6]
    resumed = LinearRun(tmp_path, rollback=True, **settings)
    assert int(resumed.loop.step.numpy()) == 3


def test_a_run_goes_back_by_itself_at_half_the_rate(tmp_path, explosion):
    linear = LinearRun(tmp_path, max_rollbacks=1, **SETTINGS)
    linear.loop.train()
    assert int(linear.loop.step.numpy()) == 12
    rates = [row["learning_rate"] for row in rows(tmp_path / "metrics.jsonl")]
    np.testing.assert_allclose(rates[4:6], [0.2, 0.0875], rtol=1e-6)
    # It stays so when the run goes on.
    longer = LinearRun(tmp_path, num_train_steps=13, **SETTINGS)
    assert float(longer.optimizer.learning_rate(6)) == pytest.approx(0.075)


def test_a_run_whose_updates_were_all_skipped_fails(tmp_path):
    linear = LinearRun(tmp_path, poison=0, num_train_steps=1)
    with pytest.raises(NonFiniteError, match=r"last 1 of the run's 1 updates"):
        linear.loop.train()


def test_without_a_good_checkpoint(tmp_path):
    with pytest.raises(NonFiniteError, match="Start anew"):
        LinearRun(
            tmp_path, poison=0, max_skipped_updates=1, rollback=False
        ).loop.train()


def test_other_rates_go_back_after_a_blow_up_alone(tmp_path):
    folder, config = str(tmp_path), tiny.pretraining()
    assert not rollback.begin(folder, config)
    slower = config.replace(learning_rate=1e-5)
    with pytest.raises(UserError, match="learning_rate"):
        rollback.begin(folder, slower)
    rollback.mark(folder, 9)
    assert not rollback.begin(folder, config)
    with pytest.raises(UserError, match="seed"):
        rollback.begin(folder, slower.replace(seed=1))
    assert rollback.begin(folder, slower)
    assert rollback.begin(folder, config.replace(rollback=True))


@pytest.mark.parametrize("content", ["", "{", '{"step": 3}', "[]", "\0"])
def test_a_damaged_unfinished_line_is_put_aside(tmp_path, content, capsys):
    LinearRun(tmp_path, num_train_steps=3).loop.train()
    path = tmp_path / "unfinished_loop.json"
    path.write_text(content)
    LinearRun(tmp_path, num_train_steps=4).loop.train()
    assert "unfinished_loop.json is damaged" in capsys.readouterr().err
    assert not path.exists()


def test_another_number_of_updates_is_told(tmp_path, capsys):
    config = tiny.pretraining(num_train_steps=4)
    rollback.begin(str(tmp_path), config)
    assert not capsys.readouterr().err
    rollback.begin(str(tmp_path), config.replace(num_train_steps=9))
    assert "num_train_steps is 9, and was 4:" in capsys.readouterr().err
