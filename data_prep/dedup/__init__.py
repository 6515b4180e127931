"""Finds duplicate documents and lines, and leaves them out."""
