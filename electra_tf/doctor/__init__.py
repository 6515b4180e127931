"""Checks of an installation, its machine, and whether a config fits it."""
