"""ELECTRA pre-training and fine-tuning in TensorFlow and Keras 3."""

__version__ = "0.1.0"
