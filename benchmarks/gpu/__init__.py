"""Training steps on a GPU beside Hugging Face's, in one command."""
