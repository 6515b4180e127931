"""Errors of the programs: one line for the user's, a traceback for ours."""

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
