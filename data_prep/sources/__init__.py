"""Text of several formats; `formats` has the table."""
