"""The papers' comparisons of models at equal cost, in miniature."""
