"""Weights in and out: model folders, TensorFlow 1, Hugging Face and more."""
