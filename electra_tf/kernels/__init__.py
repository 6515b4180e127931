"""Parts of layers that every backend has in its own way."""
