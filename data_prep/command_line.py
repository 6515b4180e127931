"""The frame of the command-line programs of this package."""

import contextlib
import pathlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

from electra_tf.command_line import discard_output, errors_of, interruptible
from electra_tf.configs import Config, from_flags
from electra_tf.errors import UserError


def run(
    main: Callable[[Config], None],
    config_class: type[Config],
    argv: Sequence[str],
    other_names: Mapping[str, str] | None = None,
) -> None:
    """Parse the flags and run a program; report its errors.

    `argv` has the program's name and its arguments. `other_names` are flags by
    which others know ours: `{"--no-lower-case": "--nodo_lower_case"}`, say.
    """
    config = from_flags.parse(config_class, _translated(argv, other_names))
    program = pathlib.Path(argv[0]).name
    with errors_of(program), printing():
        interruptible()
        main(config)


@contextlib.contextmanager
def printing() -> Iterator[None]:
    r"""Let nothing that is printed within end the program.

    Characters that the encoding of standard output lacks, and bytes of names
    of files that are no characters, are printed as \u2019 and \udce9. Once
    whoever reads it has enough, the rest goes nowhere.
    """
    stream = sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    with contextlib.redirect_stdout(_Patient(stream)):
        try:
            yield
        finally:
            sys.stdout.flush()


class _Patient:
    """Standard output whose reader may have enough."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text; return its length."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            discard_output()
            return len(text)

    def flush(self) -> None:
        """Write what waits."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            discard_output()
            self._stream.flush()


def not_installed(flag: str, package: str, extra: str) -> UserError:
    """Return the error of a flag whose package is not there."""
    return UserError(
        f"{flag} needs the package {package}, which is not installed. Install"
        f" it (`pip install 'electra_tf[{extra}]'`), or leave the flag out."
    )


def _translated(argv, other_names) -> list[str]:
    names = other_names or {}
    arguments = [argument.partition("=") for argument in argv]
    return [
        names.get(name.replace("_", "-"), name) + equals + value
        for name, equals, value in arguments
    ]
