"""What is learnt: a file a kind of task, and what reads its data."""
