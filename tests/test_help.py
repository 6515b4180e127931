"""Every program answers `--help`, before it imports what takes long."""

import json
import os
import re
import subprocess
import sys

import pytest

from electra_tf import command_line
from tests import commands

FLAGS = ("--help", "--helpfull")
# Of peers, whose libraries this project does not need.
LACKS = r"No module named '(jax|torch)': this is a part of python -m [\w.]+\."
SLOW = ("jax", "keras", "sklearn", "tensorflow", "torch")
# Prints of each program and flag its page, what else it says, and its status.
ASK = """
import contextlib, io, json, os, runpy, sys, warnings

warnings.simplefilter("ignore")
flags, slow, *programs = json.loads(sys.argv[1])
before, found = dict(os.environ), {}
for program in programs:
    for flag in flags:
        sys.argv = [program, flag]
        page, said, status = io.StringIO(), io.StringIO(), 0
        with contextlib.redirect_stdout(page), contextlib.redirect_stderr(said):
            try:
                runpy.run_module(program, run_name="__main__", alter_sys=True)
            except SystemExit as ended:
                status = ended.code
            except BaseException as error:
                status = repr(error)
        imported = [name for name in slow if name in sys.modules]
        slow = [name for name in slow if name not in imported]
        found[f"{program} {flag}"] = (
            page.getvalue(), said.getvalue(), status or 0, imported
        )
        os.environ.clear()
        os.environ.update(before)
print(json.dumps(found))
"""


def programs() -> list[str]:
    """Return all modules that are programs, as `python -m` names them."""
    paths = [*commands.ROOT.glob("run_*.py")]
    paths += [commands.ROOT / "tests/architecture.py"]
    for folder in ("benchmarks", "data_prep", "demo", "electra_tf"):
        paths += (commands.ROOT / folder).rglob("*.py")
    return sorted(
        ".".join(path.relative_to(commands.ROOT).with_suffix("").parts)
        for path in paths
        if '__name__ == "__main__":' in path.read_text("utf-8")
    )


@pytest.fixture(scope="module")
def pages():
    asked = [FLAGS, SLOW, *(p.removesuffix(".__main__") for p in programs())]
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(asked)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=command_line.environment_with(commands.ROOT) | {"COLUMNS": "80"},
        cwd=commands.ROOT,
    )
    assert done.returncode == os.EX_OK, done.stderr
    return json.loads(done.stdout)


def test_all_programs_answer(pages):
    assert len(pages) > 80
    faults = {
        name: (said, status)
        for name, (page, said, status, _) in pages.items()
        if (status or said or not page) and not re.fullmatch(LACKS, str(status))
    }
    assert not faults


def test_pages_have_the_flags(pages):
    for program, flag in (
        ("electra_tf.conversion.convert", "--num_attention_heads"),
        ("electra_tf.efficiency.report", "naturalqs"),
        ("benchmarks.answer_oracle", "mlqa_zh"),
        ("run_pretraining", "--num_train_steps"),
    ):
        assert flag in pages[f"{program} --help"][0]


def test_none_waits_for_tensorflow(pages):
    assert not {
        name: slow
        for name, (*_, slow) in pages.items()
        if slow and "torch" not in name.split()[0]
    }


def test_pages_fit_into_a_terminal(pages):
    wide = {
        name: line
        for name, (page, *_) in pages.items()
        for line in page.splitlines()
        if len(line) > command_line.WIDTH
    }
    assert not wide
