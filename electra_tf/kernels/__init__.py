"""Parts of layers with an implementation for each backend."""
