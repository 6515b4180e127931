"""The one kind of error that is the user's to mend."""


class UserError(ValueError):
    """A mistake in what a program was given: settings, files or arguments.

    Its message says what was expected, what was received and what to do. The
    programs print it as one line; any other error keeps its traceback.
    """
