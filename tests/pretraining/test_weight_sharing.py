"""What generator and discriminator have in common."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.pretraining import objectives
from electra_tf.pretraining.masking import Batch
from electra_tf.randomness import RandomStream
from tests import tiny

TABLES = ("word_embeddings", "token_type_embeddings", "position_embeddings")


def gradients(term: str, **changes) -> dict:
    """Of one loss alone, by path; zeros where there is none."""
    pretrainer = tiny.pretrainer(tiny.pretraining(**changes))
    batch = Batch(*map(tf.constant, tiny.batch()))
    variables = {k: v.value for k, v in pretrainer.variables.items()}
    with tf.GradientTape() as tape:
        output = pretrainer(batch, RandomStream(0, 0), training=False)
        loss = objectives.losses(pretrainer.config, output)[term].total
    found = tape.gradient(loss, variables)
    return {
        path: np.zeros(1) if g is None else tf.convert_to_tensor(g).numpy()
        for path, g in found.items()
    }


def embeddings(prefix: str, found: dict) -> dict:
    return {
        path: gradient
        for path, gradient in found.items()
        if path.startswith(f"{prefix}/embeddings/")
    }


@pytest.mark.parametrize("table", TABLES)
def test_disentangled_tables_start_as_the_generators(table):
    config = tiny.pretraining(weight_sharing="disentangled")
    pretrainer = tiny.pretrainer(config)
    own = getattr(pretrainer.main.embeddings, table)
    shared = getattr(pretrainer.generator.encoder.embeddings, table)
    np.testing.assert_array_equal(own, shared)
    assert f"generator/embeddings/{table}" in pretrainer.variables
    assert f"electra/embeddings/{table}_difference" in pretrainer.variables


def test_each_loss_trains_its_own_embeddings():
    """DeBERTaV3: the discriminator does not pull at the generator's tables."""
    sharing = {"weight_sharing": "disentangled"}
    of_discriminator = gradients("disc_loss", **sharing)
    of_generator = gradients("mlm_loss", **sharing)
    assert all(
        g.any() for g in embeddings("electra", of_discriminator).values()
    )
    assert all(g.any() for g in embeddings("generator", of_generator).values())
    for prefix, found in (
        ("generator", of_discriminator),
        ("electra", of_generator),
    ):
        assert not any(g.any() for g in embeddings(prefix, found).values())


def test_shared_embeddings_are_trained_by_both():
    for term in ("disc_loss", "mlm_loss"):
        found = embeddings("electra", gradients(term))
        assert all(gradient.any() for gradient in found.values())
