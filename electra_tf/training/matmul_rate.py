"""The rate at which this machine multiplies matrices: a yardstick.

Training cannot be faster than its matrix products. How near it comes says
whether time goes to arithmetic or to memory, launches and waiting for data.
"""

import time
from collections.abc import Callable

import tensorflow as tf

from electra_tf.training import workers

_FIRST_SIZE = 512
_LARGEST_SIZE = 8192
_CHAIN = 4  # Products in one call.
_LONG_ENOUGH = 0.05  # Seconds of a call from which on its start is noise.
_REPEATS = 3
_rates: dict[tuple, float] = {}


def matmul_rate(strategy, dtype: str = "float32") -> float:
    """Measure the operations a second of all replicas together.

    Square matrices are doubled in size until a call takes 0.05 seconds or
    they are 8192 wide; then the best of four calls counts. Takes less than a
    second; a process measures a kind of strategy and dtype once. float32
    products are those that TensorFlow makes of them: TF32 on NVIDIA's newer
    GPUs, bfloat16 on TPUs.

    Args:
        strategy: `tf.distribute.Strategy`; all its replicas work at once.
        dtype: str, of the matrices.
    """
    # A process sees one set of devices; its strategies of a kind share them.
    key = (type(strategy), strategy.num_replicas_in_sync, dtype)
    if key not in _rates:
        size, seconds = _FIRST_SIZE // 2, 0.0
        while seconds < _LONG_ENOUGH and size < _LARGEST_SIZE:
            size *= 2
            timed = _timer(strategy, size, dtype)
            seconds = _of_chief(strategy, timed(1))
        seconds = min(seconds, *map(timed, range(2, 2 + _REPEATS)))
        replicas = strategy.num_replicas_in_sync
        _rates[key] = replicas * _CHAIN * 2 * size**3 / seconds
    return _rates[key]


def _of_chief(strategy, seconds: float) -> float:
    """Return the chief's time, so that all workers make the same calls."""
    return workers.from_chief(strategy, lambda: seconds)


def _timer(strategy, size: int, dtype: str) -> Callable[[int], float]:
    """Return a function that times a call on random matrices, by a seed."""

    def chain(seed):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seeds = tf.stack([seed, tf.cast(replica, tf.int32)])
        matrix = tf.random.stateless_uniform([size, size], seeds, -1, 1)
        matrix = tf.cast(matrix / size**0.5, dtype)  # Keeps norms finite.
        product = matrix
        for _ in range(_CHAIN):
            product = tf.matmul(product, matrix)
        return tf.reduce_sum(tf.cast(product, tf.float32))

    # The seed is an argument, or else the sum would be folded to a constant.
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def replicas(seed):
        per_replica = strategy.run(chain, args=(seed,))
        return strategy.reduce("SUM", per_replica, axis=None)

    # Traced once for all calls: TensorFlow warns of functions made in loops.
    traced = replicas.get_concrete_function()

    def timed(seed: int) -> float:
        started = time.perf_counter()
        traced(tf.constant(seed)).numpy()  # Waits for the device.
        return time.perf_counter() - started

    timed(0)  # The first call sets the device up.
    return timed
