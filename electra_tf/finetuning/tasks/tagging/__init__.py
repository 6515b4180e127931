"""Tasks that give each word a tag."""
