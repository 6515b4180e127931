"""What a fine-tuned model is written as for other programs."""
