"""The frame of programs with a few arguments of their own."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator


def parser(module: str, description: str) -> argparse.ArgumentParser:
    """Return the empty command line of `python -m MODULE`.

    Args:
        module: Full name of the program's module.
        description: What it does, a sentence.
    """
    return argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, allow_abbrev=False
    )


def discard_output() -> None:
    """Write no more: whoever read has enough, and the buffer no reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def errors_of(program: str) -> Iterator[None]:
    """End the program with a message if what it was given is at fault.

    TensorFlow, if it is imported within, keeps its notes to itself.

    Args:
        program: Name to put before the message.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        yield
    except (OSError, ValueError) as error:
        sys.exit(f"{program}: {error}")
