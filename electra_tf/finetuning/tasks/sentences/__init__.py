"""Tasks about one sentence or a pair of them."""
