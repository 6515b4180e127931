"""Fine-tuning tasks: a folder a kind of task, and readers of their data."""
