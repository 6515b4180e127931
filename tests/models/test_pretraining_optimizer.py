"""The optimizer that callbacks see is the one that makes the updates."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.models.pretraining import Pretraining
from tests import tiny
from tests.models import folders

SETTINGS = {
    **folders.SETTINGS,
    "num_warmup_steps": 2,
    "num_train_steps": 8,
    "learning_rate": 0.01,
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return folders.tokenizer(tmp_path_factory.mktemp("vocab"))


@pytest.fixture(scope="module")
def data():
    batches = [tiny.batch(seed=seed)._asdict() for seed in range(2)]
    stacked = {k: np.stack([b[k] for b in batches]) for k in batches[0]}
    top = len(folders.VOCAB) - 1
    stacked["input_ids"] = np.minimum(stacked["input_ids"], top)
    return tf.data.Dataset.from_tensor_slices(stacked)


def weights(model) -> list[np.ndarray]:
    return [np.array(w) for w in model.variables_by_path.values()]


def test_the_schedules_rate_is_seen(tokenizer, data):
    model = Pretraining(tokenizer, **SETTINGS)
    rates = []
    see = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: rates.append(
            float(model.optimizer.learning_rate)
        )
    )
    model.fit(data, epochs=2, callbacks=[see], verbose=0)
    # 0.01 * (1 - k / 8) * min(1, k / 2) after updates k = 1 to 4.
    assert rates == pytest.approx([0.004375, 0.0075, 0.00625, 0.005])
    assert int(model.optimizer.iterations) == 4
    model.compile()  # A new optimizer goes on in the schedule.
    assert float(model.optimizer.learning_rate) == pytest.approx(0.005)


def test_a_rate_that_a_callback_sets_is_used(tokenizer, data):
    model = Pretraining(tokenizer, **SETTINGS)
    before = weights(model)
    none = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    history = model.fit(data, epochs=2, callbacks=[none], verbose=0).history
    assert history["learning_rate"] == [0.0, 0.0]
    for one, other in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(one, other)
    model.optimizer.learning_rate = 0.004
    down = keras.callbacks.ReduceLROnPlateau("loss", 0.5, 0, min_delta=100)
    history = model.fit(data, epochs=3, callbacks=[down], verbose=0).history
    expected = [0.004, 0.004, 0.002]  # The first epoch is the best so far.
    assert history["learning_rate"] == pytest.approx(expected)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)
    assert any(map(np.any, np.subtract(weights(model)[:1], before[:1])))
    for wrong in (-1.0, "fast", keras.optimizers.schedules.CosineDecay(1.0, 9)):
        with pytest.raises(UserError, match="learning rate must be a number"):
            model.optimizer.learning_rate = wrong


@pytest.mark.slow
def test_a_resumed_run_makes_the_same_updates(tokenizer, data, tmp_path):
    whole = Pretraining(tokenizer, **SETTINGS)
    whole.fit(data, epochs=3, verbose=0)

    def backup():
        return keras.callbacks.BackupAndRestore(
            tmp_path / "backup", delete_checkpoint=False
        )

    begun = Pretraining(tokenizer, **SETTINGS)
    begun.fit(data, epochs=2, verbose=0, callbacks=[backup()])
    resumed = Pretraining(tokenizer, **SETTINGS)
    resumed.fit(data, epochs=3, verbose=0, callbacks=[backup()])
    assert int(resumed.updates) == 6
    for one, other in zip(weights(resumed), weights(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)

    begun.save_weights(tmp_path / "a.weights.h5")
    loaded = Pretraining(tokenizer, **SETTINGS)
    loaded.load_weights(tmp_path / "a.weights.h5")
    loaded.fit(data, verbose=0)
    for one, other in zip(weights(loaded), weights(whole), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_moments_that_a_file_lacks_are_told(tokenizer, data, tmp_path):
    model = Pretraining(tokenizer, **SETTINGS)
    model.compile("sgd")
    model.fit(data, verbose=0)
    model.save_weights(tmp_path / "sgd.weights.h5")
    other = Pretraining(tokenizer, **SETTINGS)
    with pytest.warns(UserWarning, match="Skipping variable loading"):
        other.load_weights(tmp_path / "sgd.weights.h5")
    for one, expected in zip(weights(other), weights(model), strict=True):
        np.testing.assert_array_equal(one, expected)
    assert float(other.optimizer.learning_rate) == pytest.approx(0.0075)


def test_weights_of_losses_are_refused(tokenizer):
    model = Pretraining(tokenizer, **SETTINGS)
    with pytest.raises(UserError, match="Received: loss_weights"):
        model.compile(loss_weights=[0.0])


def test_regularizers_of_weights_count(tokenizer, data):
    moved, losses = [], []
    for factor in (0.0, 0.5):
        model = Pretraining(tokenizer, **SETTINGS)
        weight = next(
            w for p, w in model.variables_by_path.items() if "kernel" in p
        )
        weight.regularizer = keras.regularizers.L2(factor)
        model.compile(keras.optimizers.SGD(0.1))
        before = np.array(weight)
        losses += model.fit(data.take(1), verbose=0).history["loss"]
        moved.append(np.array(weight))
    added = losses[1] - losses[0]
    assert added == pytest.approx(0.5 * np.sum(before**2), rel=1e-3)
    np.testing.assert_allclose(moved[1] - moved[0], -0.1 * before, atol=1e-6)
