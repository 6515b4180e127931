"""From the lines of documents to files of examples."""
