"""The one kind of error that is the user's to mend, and being stopped."""

import difflib
import os
import reprlib
from collections.abc import Iterable
from typing import Any


class UserError(ValueError):
    """A mistake in what a program was given: settings, files or arguments.

    Its message says what was expected, what was received and what to do. The
    programs print it as one line; any other error keeps its traceback.
    """


class Stopped(Exception):  # noqa: N818 (no error)
    """The program was asked to stop, and did: start it again."""

    exit_status = os.EX_TEMPFAIL

    def __str__(self) -> str:
        return f"stopped by {self.args[0]}; the same command goes on"


class _Shortened(reprlib.Repr):
    """Values as messages show them: whole, but for very long ones."""

    def __init__(self):
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = 20
        self.maxstring = self.maxlong = self.maxother = 300


shown = _Shortened().repr


def suggestion(name: Any, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" for the nearest known name, or nothing."""
    close = difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""
