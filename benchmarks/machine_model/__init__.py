"""A model of the time of a pre-training step on machines not at hand."""
