"""Runs the project's programs, each in a process of its own."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

from electra_tf import command_line

ROOT = pathlib.Path(__file__).parents[2]


class ProgramError(RuntimeError):
    """A program that ended with an error."""


def flags(settings: dict) -> list[str]:
    """Return settings as they stand on a command line.

    >>> flags({"seed": 3, "do_eval": True, "model_hparam_overrides": {"a": 1}})
    ['--seed=3', '--do_eval=true', '--model_hparam_overrides={"a": 1}']
    >>> flags({"task_names": ("cola", "sst")})
    ['--task_names=cola,sst']
    """
    return [f"--{name}={_text(value)}" for name, value in settings.items()]


def _text(value) -> str:
    if isinstance(value, bool | dict):
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


def run(*words: str, stdin: str | None = None, **settings):
    """Run Python with these words and settings, and show the command.

    A stop request ends the program too, and waits until it has.

    Raises:
        ProgramError: naming its exit status.
        SystemExit: the program was asked to stop (75).
    """
    arguments = [*words, *flags(settings)]
    print(f"$ python {shlex.join(arguments)}", flush=True)
    if words[0].endswith(".py"):
        arguments[0] = str(ROOT / words[0])
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=command_line.environment_with(ROOT),
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        text=True,
    )
    try:
        process.communicate(stdin)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if process.returncode == os.EX_TEMPFAIL:
        sys.exit(os.EX_TEMPFAIL)
    if process.returncode:
        raise ProgramError(
            f"{' '.join(words[:2])} ended with status {process.returncode}; "
            "its message is above."
        )
