"""Formats of fine-tuned models for other programs."""
