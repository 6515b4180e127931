"""The frame of the command-line programs of this package."""

import pathlib
from collections.abc import Callable, Mapping, Sequence

from electra_tf.command_line import errors_of, interruptible
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
    with errors_of(program):
        interruptible()
        main(config)


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
