"""Errors of the programs: one line for the user's, a traceback for ours."""

import os
import subprocess
import sys

import pytest

from data_prep import command_line
from data_prep.build_docstring_corpus import DocstringCorpusConfig
from electra_tf.errors import UserError

ARGV = ["/bin/program.py", "--output_dir=x"]


def run(error, capsys):
    """Return status and standard error of a program that raises an error."""

    def main(config):
        assert config.output_dir == "x"
        raise error

    with pytest.raises(SystemExit) as stopped:
        command_line.run(main, DocstringCorpusConfig, ARGV)
    return stopped.value.code, capsys.readouterr().err


@pytest.mark.parametrize("kind", [UserError, OSError])
def test_what_is_the_users_to_mend_is_one_line(capsys, kind):
    # Python prints such a code and ends with status 1.
    assert run(kind("no room"), capsys) == ("program.py: no room", "")


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, UnicodeError])
def test_other_errors_keep_their_traceback(capsys, kind):
    code, shown = run(kind("shapes differ"), capsys)
    assert code == 70
    assert "Traceback" in shown
    assert "raise error" in shown


PRINTING = """
import sys
from data_prep import command_line
with command_line.printing():
    for line in range(20_000):
        print("caf\\u00e9", "\\udcff", line)
    print("\\u0e01", flush=True)
print("done", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", b"caf\\xe9 \\udcff 0"), ("utf-8", b"caf\xc3\xa9 \\udcff 0")],
)
def test_what_cannot_be_encoded_is_printed_as_escapes(encoding, shown):
    ended = subprocess.run(
        [sys.executable, "-c", PRINTING],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
        check=True,
    )
    lines = ended.stdout.splitlines()
    assert (lines[0], len(lines)) == (shown, 20_001)


@pytest.mark.parametrize("lines_read", [0, 1])
def test_a_reader_of_reports_may_have_enough(lines_read):
    program = subprocess.Popen(
        [sys.executable, "-c", PRINTING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    for _ in range(lines_read):
        program.stdout.readline()
    program.stdout.close()
    assert (program.stderr.read(), program.wait()) == (b"done\n", 0)
    program.stderr.close()


def test_ctrl_c(capsys):
    assert run(KeyboardInterrupt(), capsys) == (130, "program.py: stopped\n")


def test_ctrl_c_while_modules_are_imported():
    """`python -m` names itself -m for as long as it imports packages."""
    code = (
        "import signal, sys; signal.signal(2, signal.default_int_handler); "
        "sys.argv = {argv}; import data_prep; "
        "from electra_tf import command_line; print(signal.getsignal(2)); "
        "command_line.interruptible(); print(signal.getsignal(2))"
    )
    shown = {
        argv: subprocess.run(
            [sys.executable, "-c", code.format(argv=[argv])],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\n")[:2]
        for argv in ("-m", "notebook")
    }
    assert "SIG_DFL" in shown["-m"][0] or shown["-m"][0] == "0"
    for line in (shown["-m"][1], *shown["notebook"]):
        assert "default_int_handler" in line
