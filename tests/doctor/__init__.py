"""Tests of `electra_tf.doctor`."""
