"""Turns the lines of documents into files of examples."""
