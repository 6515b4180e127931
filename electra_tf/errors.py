"""The one kind of error that is the user's to mend."""

import reprlib


class UserError(ValueError):
    """A mistake in what a program was given: settings, files or arguments.

    Its message says what was expected, what was received and what to do. The
    programs print it as one line; any other error keeps its traceback.
    """


class _Shortened(reprlib.Repr):
    """Values as messages show them: whole, but for very long ones."""

    def __init__(self):
        super().__init__()
        self.maxlevel = 3
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = 20
        self.maxstring = self.maxlong = self.maxother = 300


shown = _Shortened().repr
