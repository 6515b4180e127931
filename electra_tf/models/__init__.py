"""Keras models of tasks, and the tokenizer: the Python interface."""
