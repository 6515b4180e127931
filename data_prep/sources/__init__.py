"""Where text comes from: files of several formats, archives, TFDS.

`formats.py` has the table. A format says how a file is cut into units that
can be read independently, and yields the documents of a unit.
"""
