"""What all datasets that feed a network need."""

import tensorflow as tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Return a dataset whose speed TensorFlow does not tune as it goes.

    When an iterator goes, the thread that tunes its dataset is waited for;
    TensorFlow 2.20 sometimes wakes it a minute late, so that a program that
    shall stop does not end.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
