import numpy as np
import pytest

from electra_tf.layers.dropout import Dropout
from electra_tf.randomness import RandomStream, dropout_rate


def test_without_a_stream_nothing_happens():
    inputs = np.ones((3, 4), np.float32)
    np.testing.assert_array_equal(Dropout(0.5)(inputs), inputs)


def test_keeps_the_mean():
    inputs = np.ones((200, 500), np.float32)
    outputs = Dropout(0.3)(inputs, random=RandomStream(0, 0)).numpy()
    kept = outputs != 0
    share = 1 - dropout_rate(0.3)
    np.testing.assert_allclose(outputs[kept], 1 / share, rtol=1e-6)
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.21 / kept.size)


def test_replicas_draw_different_masks():
    inputs = np.ones((8, 8), np.float32)
    first, second = (
        Dropout(0.5)(inputs, random=RandomStream(0, 0, example)).numpy()
        for example in (0, 8)
    )
    assert (first != second).any()


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_wrong_rate(rate):
    with pytest.raises(ValueError, match=rf"\[0, 1\). Received: rate={rate}"):
        Dropout(rate)
