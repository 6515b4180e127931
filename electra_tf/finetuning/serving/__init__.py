"""Predictions of a fine-tuned model for rows of text."""
