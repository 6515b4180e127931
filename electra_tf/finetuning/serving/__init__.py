"""Rows of text in, answers out, by a model that was fine-tuned."""
