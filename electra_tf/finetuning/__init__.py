"""Tasks, heads and metrics for fine-tuning a pre-trained encoder."""
