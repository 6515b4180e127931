"""Checks the installation, the machine, and whether a config fits it."""
