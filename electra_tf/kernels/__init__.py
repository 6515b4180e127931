"""Element-wise parts of layers, joined and compiled."""
