import numpy as np
import pytest
import tensorflow as tf

from electra_tf.layers.embeddings import LOOKUPS, Embeddings
from tests import tiny

IDS = tf.constant([[2, 7, 7, 0, 49], [3, 2, 2, 11, 4]])


def outputs_and_gradient(lookup):
    layer = Embeddings(tiny.encoder(), lookup)
    layer.build()
    rng = np.random.default_rng(0)
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    with tf.GradientTape() as tape:
        outputs = layer(IDS)
        loss = tf.reduce_sum(outputs * rng.normal(size=outputs.shape))
    gradient = tape.gradient(loss, layer.word_embeddings.value)
    return outputs, tf.convert_to_tensor(gradient)


def test_look_ups_differ_in_speed_only():
    results = [outputs_and_gradient(lookup) for lookup in LOOKUPS]
    (reference, gradient), *others = results
    assert np.abs(gradient).max() > 0.1
    for outputs, other_gradient in others:
        np.testing.assert_allclose(outputs, reference, atol=1e-6)
        np.testing.assert_allclose(other_gradient, gradient, atol=1e-5)


@pytest.mark.parametrize(
    ("ids", "segments", "message"),
    [
        ([[50]], [[0]], "input_ids must be at least 0 and less than 50"),
        ([[-1]], [[0]], "Received: -1 to 0"),
        ([[1]], [[2]], "segment_ids must be at least 0 and less than 2"),
    ],
)
def test_ids_beyond_a_table_are_refused(ids, segments, message):
    layer = Embeddings(tiny.encoder())
    with pytest.raises(ValueError, match=message):
        layer(np.array(ids), np.array(segments))
