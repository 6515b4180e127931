import time

import numpy as np
import tensorflow as tf

from electra_tf.training.matmul_rate import matmul_rate


def test_is_near_what_numpy_reaches():
    """Within a factor of 8, whatever else runs on the cores."""
    matrix = np.random.default_rng(0).normal(size=(1024, 1024)).astype("f4")
    numpys = []
    for _ in range(5):
        started = time.perf_counter()
        matrix @ matrix
        numpys.append(2 * 1024**3 / (time.perf_counter() - started))
    rate = matmul_rate(tf.distribute.get_strategy())
    assert max(numpys) / 8 < rate < max(numpys) * 8


def test_is_measured_once():
    strategy = tf.distribute.get_strategy()
    assert matmul_rate(strategy) == matmul_rate(strategy)
