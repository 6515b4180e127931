"""Parts of Hugging Face's folders: arrays, word pieces, and heads."""
