"""Text: tokenizers, vocabularies and ids."""
