"""Reads text of several formats; `formats` has the table."""
