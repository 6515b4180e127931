"""Every block of code on a page is run, understood, or says what it needs.

Doctests are run by tests/models/test_docs.py and tests/pretraining/test_jax.py,
our programs' command lines are read by them in tests/test_commands.py,
adding_a_task.md is carried out. What is left is here, by its first word.
"""

import ast
import re
import textwrap
from collections.abc import Iterator

import pytest

import electra_tf
from tests import commands

# Lines of other programs, and what it takes to run them.
NEEDS = {
    "docker": "Docker",
    "gcloud": "a project on Google Cloud",
    "kubectl": "a cluster of Kubernetes",
    "pip": "a network",
    "sbatch": "Slurm",
    "tensorboard": "a browser",
    "deploy/": "the machines that the page is about",
}
# Lines that tests or the gate run as they are, and words of shells.
KNOWN = {"make", "pytest", "python", "python3", "echo", "printf", "export"}
MOST_NOT_RUN = 32
PAGES = [path for path in commands.texts() if path.suffix == ".md"]


def blocks(text: str) -> Iterator[str]:
    """Give each block of code, fenced or indented, without its frame."""
    fence = r"^```(?P<kind>\w*)\n(?P<code>.*?)^```$"
    for found in re.finditer(fence, text, re.MULTILINE | re.DOTALL):
        if found["kind"] in ("", "sh", "python", "shell", "bash"):
            yield found["code"]
    rest = re.sub(fence, "", text, flags=re.MULTILINE | re.DOTALL)
    for found in re.finditer(r"(?:(?<=\n\n)(?: {4}.*\n|\n(?= {4}))+)", rest):
        yield textwrap.dedent(found[0])


def shell_words(block: str) -> Iterator[str]:
    """Give the first word of each command of a shell."""
    joined = re.sub(r"\\\n\s*", " ", block)
    joined = re.sub(r"'[^']*'", "''", joined)  # Values of several lines.
    for line in joined.splitlines():
        words = [w for w in line.split() if not re.match(r"\w+=", w)]
        if words and not line.startswith(("#", " ")):
            yield words[0]


def is_python(block: str) -> bool:
    return block.startswith(("import ", "from "))


def is_shell(block: str) -> bool:
    """Tell commands from data, output and drawings: the first word."""
    first = next(shell_words(block), "")
    return first in {*NEEDS, *KNOWN} or first.startswith("deploy/")


def named(text: str) -> Iterator[str]:
    """Give what a block needs, a row of `NEEDS` for each such line."""
    for word in shell_words(text):
        name = "deploy/" if word.startswith("deploy/") else word
        assert name in NEEDS or name in KNOWN, f"{word}: what does it need?"
        if name in NEEDS:
            yield name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_blocks_are_known(path):
    for block in blocks(path.read_text("utf-8")):
        if is_shell(block):
            assert len([*named(block)]) <= 8
        elif is_python(block):
            names_exist(block)
        elif re.search(r"^(sudo|curl|wget|apt|conda|uv|cd) ", block, re.M):
            pytest.fail(f"what does this need?\n{block}")


def names_exist(block: str):
    """The block is Python, and what it takes from us is there."""
    for node in ast.walk(ast.parse(block)):
        owner = getattr(node, "value", None)
        if isinstance(owner, ast.Name) and owner.id == "electra_tf":
            assert hasattr(electra_tf, node.attr), block


def test_few_lines_are_not_run():
    """Those of other programs; more of them are worth a thought."""
    lines = [
        name
        for path in PAGES
        for block in blocks(path.read_text("utf-8"))
        if is_shell(block)
        for name in named(block)
    ]
    assert set(lines) == set(NEEDS)
    assert 10 < len(lines) <= MOST_NOT_RUN, len(lines)


def test_messages_to_look_up_are_ours():
    """What troubleshooting.md quotes stands in the code, piece by piece."""
    page = (commands.ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    quoted = re.findall(r'\*\*"([^"]+)"', page)
    assert len(quoted) > 10
    paths = [*commands.ROOT.glob("run_*.py"), *package_files()]
    code = " ".join(path.read_text("utf-8") for path in paths)
    code = re.sub(r'"\s+f?"', "", code)  # Strings of several lines.
    for message in quoted:
        for piece in re.split(r"\.\.\.", message):
            assert piece.strip(" .,'-=") in code, message


def package_files():
    return (commands.ROOT / "electra_tf").rglob("*.py")


def test_blocks_are_found():
    text = "A.\n\n    pip install x \\\n        y\n\nB.\n\n```sh\ngit z\n```\n"
    assert [*blocks(text)] == ["git z\n", "pip install x \\\n    y\n"]
    assert [*shell_words("A=1 docker run 'x\ny'\n# no\n")] == ["docker"]
    with pytest.raises(AssertionError, match="frobnicate: what does it need"):
        [*named("frobnicate x")]
    with pytest.raises(AssertionError):
        names_exist("import electra_tf\nelectra_tf.no_such_thing()")
