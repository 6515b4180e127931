"""Command-line flags made from the config dataclasses."""
