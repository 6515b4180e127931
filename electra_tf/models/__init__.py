"""What a user's program calls: Keras models of tasks, and the tokenizer."""
