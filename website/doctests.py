"""An extension of Griffe: examples in docstrings are code, not quotations."""

import griffe

from website import examples


class Doctests(griffe.Extension):
    """Puts the examples of docstrings between fences."""

    def on_object(self, *, obj: griffe.Object, **_) -> None:
        """Change the docstring of an object that has been read."""
        if obj.docstring:
            obj.docstring.value = examples.fenced(obj.docstring.value)
