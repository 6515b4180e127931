"""How long a pre-training step takes on machines that are not at hand."""
