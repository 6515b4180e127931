"""Costs of training and using a model; imports no TensorFlow."""
