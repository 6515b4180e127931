"""A model from a file decays the weights that it did before."""

import keras
import numpy as np
import pytest

from electra_tf.models.classifier import Classifier
from tests import tiny

IDS = np.array([[2, 5, 7, 3]])


def decayed_steps(model) -> set[str]:
    """Return the paths of the weights that decay moves; gradients are 0."""
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    optimizer.learning_rate, optimizer.weight_decay = 0.5, 0.1
    for weight in model.weights:
        weight.assign(np.ones(weight.shape))
    model.run_eagerly, model.train_function = True, None
    model.train_on_batch(IDS, [-100])
    return {w.path for w in model.weights if np.any(np.array(w) < 0.99)}


def is_decayed(path: str) -> bool:
    return "LayerNorm" not in path and "bias" not in path


def copy_of(model, path):
    model.save(path / "x.keras")
    return keras.models.load_model(path / "x.keras")


def made(**options) -> Classifier:
    config = tiny.encoder(num_hidden_layers=1)
    return Classifier(config, num_labels=2, **options)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_the_default_optimizer_leaves_biases_alone(policy, tmp_path):
    model = made(dtype=policy)
    expected = {w.path for w in model.weights if is_decayed(w.path)}
    again = copy_of(copy_of(model, tmp_path), tmp_path)
    assert decayed_steps(again) == decayed_steps(model) == expected


def test_a_trained_model_with_a_frozen_part(tmp_path):
    model = made()
    model.encoder.embeddings.trainable = False
    model.optimizer.learning_rate = 1e-5
    model.train_on_batch(IDS, [-100])  # No gradient, no momentum.
    again = copy_of(model, tmp_path)
    moved = decayed_steps(again)
    assert moved == decayed_steps(model)
    assert moved == {
        w.path for w in model.trainable_weights if is_decayed(w.path)
    }


def test_an_optimizer_of_one_s_own(tmp_path):
    for names, kept in ((["kernel"], "kernel"), ([], None)):
        model = made()
        optimizer = keras.optimizers.AdamW(weight_decay=0.3)
        if names:
            optimizer.exclude_from_weight_decay(var_names=names)
        model.compile(optimizer)
        moved = decayed_steps(copy_of(model, tmp_path))
        assert moved == {
            w.path for w in model.weights if not kept or kept not in w.path
        }


def test_files_of_before_do_not_tell():
    """Those of the default optimizer meant its own names."""
    model = made()
    config = model.get_compile_config()
    del config["not_decayed"]
    config["optimizer"]["config"]["learning_rate"] = 1e-6
    again = made()
    again.compile_from_config(config)
    assert decayed_steps(again) == {
        w.path for w in model.weights if is_decayed(w.path)
    }
    model.compile(keras.optimizers.AdamW(1e-4))
    config = model.get_compile_config()
    del config["not_decayed"]
    again.compile_from_config(config)
    assert decayed_steps(again) == {w.path for w in model.weights}
