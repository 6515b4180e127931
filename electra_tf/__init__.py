"""ELECTRA pre-training and fine-tuning in TensorFlow and Keras 3."""
