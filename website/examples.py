"""Examples of a Python session as blocks of code."""

import re

_EXAMPLE = re.compile(r"^( *)>>> .*(?:\n(?! *$).*)*", re.MULTILINE)
_FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def fenced(text: str) -> str:
    """Return a text whose examples all stand between fences."""
    parts = _FENCED.split(text)
    parts[::2] = (
        _EXAMPLE.sub(r"\1```pycon\n\g<0>\n\1```", part) for part in parts[::2]
    )
    return "".join(parts)
