"""The update does not depend on the number of replicas, dropout included."""

import functools
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.pretraining.updates import updated_weights
from tests.pretraining.variants import COMPILED, VARIANTS
from tests.replicas import two_replicas

ROOT = pathlib.Path(__file__).parents[2]
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def assert_same(weights, reference):
    assert weights.keys() == reference.keys()
    for path, value in reference.items():
        # Twelve updates at a rate of 0.001 move weights by up to 0.02. Adam
        # divides rounding by its epsilon, 1e-6, where gradients are as small.
        np.testing.assert_allclose(
            weights[path], value, atol=2e-5, err_msg=path
        )


@functools.cache
def one_device() -> dict:
    """Weights with dropout, of which several tests need the same."""
    return alone()


def alone(**changes):
    return updated_weights(tf.distribute.get_strategy(), **changes)


def test_two_replicas():
    assert_same(updated_weights(two_replicas()), one_device())


@pytest.mark.slow
def test_recomputed_layers_on_two_replicas_in_parts():
    changes = {"recompute": True, "accumulation_steps": 2}
    assert_same(updated_weights(two_replicas(), **changes), one_device())


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_two_replicas_in_parts(jit_compile):
    """Everything that splits a batch at once: parts of two examples."""
    weights = updated_weights(
        two_replicas(), accumulation_steps=2, jit_compile=jit_compile
    )
    assert_same(weights, one_device())


def assert_same_as_compiled(weights, variant: str, replicas: int):
    """Compare with one device that has the whole batch, or as many parts.

    Float16 rounds the gradient of each part, so that its parts must be those
    of the replicas; and it needs its own room for the last bit.
    """
    changes, atol = COMPILED[variant], 1e-6
    if changes.get("precision") == "float16":
        parts = replicas * changes.get("accumulation_steps", 1)
        changes, atol = {**changes, "accumulation_steps": parts}, 3e-6
    reference = alone(**changes)
    assert weights.keys() == reference.keys()
    for path, value in reference.items():
        np.testing.assert_allclose(
            weights[path], value, atol=atol, err_msg=path
        )


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(v, marks=() if v == "compiled" else pytest.mark.slow)
        for v in COMPILED
    ],
)
def test_compiled_replicas_are_as_one_compiled_device(variant):
    weights = updated_weights(two_replicas(), **COMPILED[variant])
    assert_same_as_compiled(weights, variant, replicas=2)


@pytest.mark.slow
def test_skipped_updates_do_not_depend_on_the_replicas():
    """Half a gradient fits into float16 where the whole does not."""
    half = {"precision": "float16"}
    weights, reference = updated_weights(two_replicas(), **half), alone(**half)
    for path, value in reference.items():
        np.testing.assert_allclose(weights[path], value, atol=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize("dropout", [{}, NO_DROPOUT], ids=["on", "off"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_two_replicas_of_every_variant(variant, dropout):
    changes = {**VARIANTS[variant], **dropout}
    reference = alone(**changes)
    assert_same(updated_weights(two_replicas(), **changes), reference)


def test_dropout_matters():
    with_dropout, without = one_device(), alone(**NO_DROPOUT)
    assert any(
        np.abs(with_dropout[k] - without[k]).max() > 1e-4 for k in without
    )


def weights_of_four(folder, variants) -> dict:
    subprocess.run(
        [
            *(sys.executable, "-m", "tests.pretraining.updates", "4"),
            *(folder, *variants),
        ],
        cwd=ROOT,
        check=True,
    )
    return {v: dict(np.load(folder / f"{v}.npz")) for v in variants}


@pytest.mark.slow
def test_four_replicas_of_every_variant(tmp_path):
    for variant, weights in weights_of_four(tmp_path, VARIANTS).items():
        assert_same(weights, alone(**VARIANTS[variant]))


@pytest.mark.slow
def test_four_compiled_replicas(tmp_path):
    for variant, weights in weights_of_four(tmp_path, COMPILED).items():
        assert_same_as_compiled(weights, variant, replicas=4)
