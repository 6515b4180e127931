"""Models of equal cost, trained in miniature, as the papers compare them."""
