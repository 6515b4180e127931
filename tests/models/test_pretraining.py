"""Pre-training by `fit`: the loop's own numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import electra_tf
from electra_tf.errors import UserError
from electra_tf.io import records
from electra_tf.models.pretraining import Pretraining
from electra_tf.pretraining import build
from electra_tf.pretraining.masking import Batch
from electra_tf.training.non_finite import NonFiniteGuard
from electra_tf.training.settings import Settings
from electra_tf.training.step import TrainStep
from tests import tiny
from tests.models import folders

STEPS = 3


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return folders.tokenizer(tmp_path_factory.mktemp("vocab"))


@pytest.fixture(scope="module")
def batches(tokenizer):
    made = [tiny.batch(seed=seed) for seed in range(STEPS)]
    top = tokenizer.vocab_size - 1
    return [Batch(np.minimum(b.input_ids, top), *b[1:]) for b in made]


def dataset(batches) -> tf.data.Dataset:
    stacked = Batch(*map(np.stack, zip(*batches, strict=True)))
    return tf.data.Dataset.from_tensor_slices(stacked._asdict())


def test_fit_makes_the_updates_of_the_loop(tokenizer, batches):
    settings = {**folders.SETTINGS, "num_warmup_steps": 1, "num_train_steps": 9}
    by_fit = Pretraining(tokenizer, **settings)
    by_loop = Pretraining(tokenizer, **settings)
    history = by_fit.fit(dataset(batches), verbose=0).history

    step = tf.Variable(0, dtype=tf.int64)
    (phase,) = build.phases(by_loop.config, by_loop._pretrainer.value)
    update = TrainStep(
        phase.step_function,
        build.optimizer(by_loop.config, by_loop.variables_by_path),
        iter(dataset(batches).map(lambda batch: Batch(**batch))),
        tf.distribute.get_strategy(),
        step,
        Settings(STEPS, STEPS, seed=by_loop.config.seed),
        NonFiniteGuard(1),
    )
    metrics = update.run(STEPS)
    weights = by_loop.variables_by_path
    for path, weight in by_fit.variables_by_path.items():
        np.testing.assert_allclose(
            weight, weights[path], rtol=1e-5, atol=1e-7, err_msg=path
        )
    for name, (total, count) in metrics.items():
        (found,) = history[name]
        assert found == pytest.approx(total / count, rel=1e-4), name
    assert {"mlm_loss", "disc_loss", "disc_accuracy"} <= {*metrics} & {*history}


def test_any_optimizer_of_keras_trains_it(tokenizer, batches):
    model = Pretraining(tokenizer, **folders.SETTINGS)
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    data = dataset(batches)
    history = model.fit(data, epochs=2, validation_data=data, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert len(history["val_disc_auc"]) == 2
    expected = model.evaluate(data)
    assert expected["disc_loss"] == history["val_disc_loss"][-1]
    assert int(model.updates) == 2 * STEPS


def test_what_is_frozen_is_not_trained(tokenizer, batches):
    settings = {**folders.SETTINGS, "num_warmup_steps": 1, "num_train_steps": 9}
    for optimizer in ("auto", "sgd"):
        model = Pretraining(tokenizer, **settings)
        frozen = [w for layer in model.parts[:1] for w in layer.weights]
        model.parts[0].trainable = False
        model.compile(optimizer, run_eagerly=True)
        before = {w.path: np.array(w) for w in frozen}
        rest = [
            w for p, w in model.variables_by_path.items() if p not in before
        ]
        learnt = [np.array(w) for w in rest]
        batch = batches[0]._asdict()
        for _ in range(2):  # The rate begins with 0.
            assert model.train_on_batch(batch)
        for weight in frozen:
            np.testing.assert_array_equal(weight, before[weight.path])
        assert any(np.any(a != w) for a, w in zip(learnt, rest, strict=True))
        with pytest.raises(UserError, match="Received: sample_weight"):
            model.evaluate(dataset(batches), sample_weight=[1])


def test_records_of_files_are_read(tokenizer, batches, tmp_path):
    path = str(tmp_path / "a.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for row in zip(*batches[0], strict=True):
            example = tf.train.Example()
            names = ("input_ids", "input_mask", "segment_ids")
            for name, values in zip(names, row, strict=True):
                feature = example.features.feature[name]
                feature.int64_list.value.extend(values.tolist())
            writer.write(example.SerializeToString())
    model = Pretraining(tokenizer, **folders.SETTINGS)
    assert set(records.FEATURES) == set(names)
    serialized = tf.data.TFRecordDataset(path).batch(4)
    found = model.evaluate(serialized)
    assert found == model.evaluate(dataset(batches[:1]))
    assert found == model.test_on_batch(batches[0]._asdict(), return_dict=True)
    (batch,) = model.records(path).take(1)
    assert batch.input_ids.shape == (4, 16)


def test_what_was_trained_is_a_model_folder(tokenizer, tmp_path):
    model = Pretraining(tokenizer, **folders.SETTINGS)
    electra_tf.save(str(tmp_path / "model"), model)
    discriminator = electra_tf.Discriminator.load(str(tmp_path / "model"))
    for path, weight in discriminator.variables_by_path.items():
        np.testing.assert_array_equal(weight, model.variables_by_path[path])
    model.save_weights(tmp_path / "x.weights.h5")
    again = Pretraining(tokenizer, **folders.SETTINGS, seed=7)
    again.load_weights(tmp_path / "x.weights.h5")
    for path, weight in again.variables_by_path.items():
        np.testing.assert_array_equal(weight, model.variables_by_path[path])
    with pytest.raises(UserError, match="save_weights"):
        model.save(tmp_path / "x.keras")


def test_losses_and_data_of_other_kinds_are_refused(tokenizer):
    model = Pretraining(tokenizer, **folders.SETTINGS)
    with pytest.raises(UserError, match="Losses and metrics are those"):
        model.compile("adam", loss="mse")
    texts = tf.data.Dataset.from_tensors(["a good film"])
    with pytest.raises(UserError, match="must be serialized records"):
        model.fit(texts)
    with pytest.raises(UserError, match="Records have no classes"):
        model.fit(texts, class_weight={0: 1.0})
    with pytest.raises(UserError, match=r"reads a tf\.data\.Dataset"):
        model.fit(np.ones((2, 16)))
    for predict in (model.predict, model.predict_on_batch):
        with pytest.raises(UserError, match="Pretraining has no predict"):
            predict(texts)
