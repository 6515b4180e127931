"""Parts of layers that are joined and compiled."""
