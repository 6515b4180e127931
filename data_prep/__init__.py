"""Builds of vocabularies and TFRecord datasets."""
