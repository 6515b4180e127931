"""Two replicas on this machine's CPU."""

import functools

import tensorflow as tf


@functools.cache
def two_replicas() -> tf.distribute.Strategy:
    """Return the one mirrored strategy of the test process.

    TensorFlow's collectives number their instances by strategy object and
    keep them for the process, so a second object would meet the first one's.
    """
    return tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
