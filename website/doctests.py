"""An extension of Griffe: examples in docstrings are code, not quotations."""

import re

import griffe

_EXAMPLE = re.compile(r"^( *)>>> .*(?:\n(?! *$).*)*", re.MULTILINE)


class Doctests(griffe.Extension):
    """Puts the examples of docstrings between fences."""

    def on_object(self, *, obj: griffe.Object, **_) -> None:
        """Change the docstring of an object that has been read."""
        if obj.docstring:
            obj.docstring.value = fenced(obj.docstring.value)


def fenced(text: str) -> str:
    """Return a docstring whose examples stand between fences."""
    return _EXAMPLE.sub(r"\1```pycon\n\g<0>\n\1```", text)
