"""The commands of this project's programs that stand in a text."""

import argparse
import importlib.util
import pathlib
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from unittest import mock

from electra_tf.configs import from_flags, hparams
from electra_tf.doctor import probe

ROOT = pathlib.Path(__file__).parent.parent
REST = "..."  # Stands for more flags, or for more files.
_SHELL = set("();<>|&")
# After `python`, or a program of the root by itself, as in YAML's lists.
_PROGRAM = re.compile(
    r"(?:python3?\s+(?:-m\s+)?(?P<module>(?:data_prep|electra_tf|benchmarks"
    r"|demo)[\w.]*|run_\w+\.py)|(?<![\w/$.])(?P<script>run_\w+\.py)"
    r"(?=\s+--))(?=[\s`\"',]|$)"
)


def texts() -> list[pathlib.Path]:
    """Return the files of the repository that hold commands."""
    patterns = {
        "": ("README.md",),
        "docs": ("**/*.md",),
        "deploy": ("*.sh", "*.sbatch", "Dockerfile", "**/*.yaml"),
        "flags": ("presets/*.flags",),
    }
    return [
        path
        for folder, some in patterns.items()
        for pattern in some
        for path in sorted((ROOT / folder).glob(pattern))
    ]


def commands(text: str) -> Iterator[list[str]]:
    r"""Give the words of each command, the program's name first.

    A command goes on over lines that end in a backslash, in comments too.
    Within a sentence it need not be whole. What the shell puts in for `$( )`
    is taken for a number.

    >>> list(commands("python -m data_prep.a --x=1 \\\n   --y='a b' | tee log"))
    [['data_prep.a', '--x=1', '--y=a b']]
    >>> list(commands("By `python run_x.py -h`, or run_y.py --z=$A  # why"))
    [['run_x.py', '-h', '...'], ['run_y.py', '--z=$A']]
    """
    joined = re.sub(r"\\\n\s*(?:#\s*)?", " ", text)
    joined = re.sub(r"\$\([^()]*\)", "1", joined)
    # A list of YAML's block style is a command of a line.
    joined = re.sub(r"\n\s+- (?=-|run_|python)", " ", joined)
    for line in joined.splitlines():
        for found in _PROGRAM.finditer(line):
            name = found["module"] or found["script"] or found[0].split()[-1]
            rest = line[found.end() :]
            if line[: found.start()].count("`") % 2:
                rest = f"{rest.partition('`')[0]} {REST}"
            yield [name, *_words(rest)]


def _words(line: str) -> list[str]:
    """Return the arguments that a line begins with."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = []
    try:
        for word in lexer:
            if set(word) <= _SHELL:
                break
            words.append(word)
    except ValueError:  # A quoted value that goes on on the next line.
        return [*words, REST]
    return words


class _Understood(BaseException):
    """Raised once a program has read its command line, before it works."""


def check(words: list[str]) -> None:
    """Have a program read its command line, by its own parser.

    Args:
        words: the program's name, and its arguments. Where `REST` is among
            them, what else is required need not be there.

    Raises:
        SystemExit: when the program refuses them.
    """
    program, *arguments = words
    is_part = REST in arguments
    # No store is asked for what a text has as an example.
    arguments = [
        argument.replace("gs://", "memory://")
        for argument in arguments
        if argument != REST
    ]
    if is_part and not arguments:  # The program is but named.
        name = program.removesuffix(".py")
        assert importlib.util.find_spec(name), f"there is no {program}"
        return
    parse_args = argparse.ArgumentParser.parse_args

    def parsed(parser, args=None, namespace=None):
        for action in parser._actions if is_part else ():
            action.required = False
            if not action.option_strings and action.nargs is None:
                action.nargs = "?"
        parse_args(parser, args, namespace)
        raise _Understood

    def read(config_class, argv):
        required = [
            f"--{field.name}=any"
            for field in hparams.readable_fields(config_class)
            if is_part and hparams.is_required(field)
        ]
        from_flags.read(config_class, [argv[0], *required, *argv[1:]])
        raise _Understood

    with (
        mock.patch.object(argparse.ArgumentParser, "parse_args", parsed),
        mock.patch.object(from_flags, "parse", read),
        mock.patch.object(probe, "run", side_effect=_Understood),
        mock.patch.object(sys, "argv", [program, *arguments]),
    ):
        try:
            if program.endswith(".py"):
                runpy.run_path(str(ROOT / program), run_name="__main__")
            else:
                runpy.run_module(program, run_name="__main__", alter_sys=True)
        except _Understood:
            return
    raise AssertionError(f"{program} has not read its command line")
