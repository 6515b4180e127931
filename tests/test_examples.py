"""The examples: notebooks are what scripts say, and use what is public.

`python -m tests.test_examples` makes the notebooks anew.
"""

import ast
import os
import pathlib
import subprocess
import sys

import jupytext
import nbformat
import pytest

import electra_tf

FOLDER = pathlib.Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.stem != "toy")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook_of(script: pathlib.Path) -> str:
    """The notebook that a script's cells make."""
    made = jupytext.reads(script.read_text("utf-8"), "py:percent")
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = {}
    made["metadata"] = {"kernelspec": KERNEL}
    return nbformat.writes(made) + "\n"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_is_what_its_script_says(script):
    written = script.with_suffix(".ipynb").read_text("utf-8")
    assert written == notebook_of(script), "run `make notebooks`"


@pytest.mark.parametrize("script", FOLDER.glob("*.py"), ids=lambda p: p.stem)
def test_scripts_use_public_names_alone(script):
    names = set()
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert not node.module.startswith("electra_tf")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert not node.attr.startswith("_")
            if node.value.id == "electra_tf":
                names.add(node.attr)
    assert names <= set(electra_tf.__all__)


def test_every_example_is_in_the_list():
    page = (FOLDER / "README.md").read_text("utf-8")
    for script in SCRIPTS:
        assert f"({script.stem}.ipynb)" in page


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder that the examples share, as they do a temporary one."""
    return tmp_path_factory.mktemp("examples")


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_notebooks_run(script, home):
    """All cells, one after the other, in a process of its own."""
    made = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    cells = [cell.source for cell in made.cells if cell.cell_type == "code"]
    done = subprocess.run(
        [sys.executable, "-c", "\n\n".join(cells)],
        cwd=home,
        env={
            **os.environ,
            "TMPDIR": str(home),
            "MPLBACKEND": "Agg",
            "PYTHONPATH": os.pathsep.join((str(FOLDER), str(FOLDER.parent))),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


if __name__ == "__main__":
    for path in SCRIPTS:
        path.with_suffix(".ipynb").write_text(notebook_of(path), "utf-8")
