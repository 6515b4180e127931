"""The frame of the command-line programs of this package."""

import pathlib
import sys
from collections.abc import Callable, Mapping, Sequence

from electra_tf.command_line import errors_of
from electra_tf.configs import Config
from electra_tf.errors import UserError
from flags import from_config

STOPPED = 130  # As shells have it for Ctrl-C.


def run(
    main: Callable[[Config], None],
    config_class: type[Config],
    argv: Sequence[str],
    other_names: Mapping[str, str] | None = None,
) -> None:
    """Parse the flags and run a program, whose errors are `errors_of`'s.

    A `RuntimeError` says what is missing or has failed beside the program: a
    library, a worker process, Beam's pipeline. It is one message, too.

    Args:
        main: The program.
        config_class: Its settings.
        argv: Program name and arguments.
        other_names: Flags by which others know ours, such as
            `{"--no-lower-case": "--nodo_lower_case"}`.
    """
    config = from_config.parse(config_class, _translated(argv, other_names))
    program = pathlib.Path(argv[0]).name
    with errors_of(program):
        try:
            main(config)
        except RuntimeError as error:
            raise UserError(str(error)) from error
        except KeyboardInterrupt:
            print(f"{program}: stopped", file=sys.stderr)
            sys.exit(STOPPED)


def _translated(argv, other_names) -> list[str]:
    arguments = [argument.partition("=") for argument in argv]
    names = other_names or {}
    return [
        names.get(name.replace("_", "-"), name) + equals + value
        for name, equals, value in arguments
    ]
