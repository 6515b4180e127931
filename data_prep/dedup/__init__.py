"""Duplicates: which documents and lines come again, and are left out."""
