"""The one kind of error that is the user's to mend, and being stopped."""

import os
import reprlib


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
