"""Times training steps on a GPU, beside Hugging Face's."""
