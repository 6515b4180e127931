"""The tree of packages on the page on architecture, from their docstrings.

    python -m tests.architecture

writes it anew; a test fails where it is stale.
"""

import ast
import pathlib
import re

from electra_tf import command_line

ROOT = pathlib.Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
PACKAGES = ("flags", "data_prep", "electra_tf", "demo", "benchmarks")
BEGIN, END = "<!-- tree: begin -->\n", "<!-- tree: end -->\n"
WIDTH = 19


def summary(path: pathlib.Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return first.rstrip(".")


def tree() -> str:
    """The tree as a block of text: a line a program or package."""
    lines = [
        _line(path.name, path, 0)
        for path in sorted(ROOT.glob("*.py"))
        if path.name != "conftest.py"
    ]
    for package in PACKAGES:
        lines += _folder(ROOT / package, 0)
    return "```text\n" + "\n".join(lines) + "\n```\n"


def _folder(folder: pathlib.Path, depth: int) -> list[str]:
    lines = [_line(f"{folder.name}/", folder / "__init__.py", depth)]
    for inner in sorted(folder.glob("*/__init__.py")):
        lines += _folder(inner.parent, depth + 1)
    return lines


def _line(name: str, path: pathlib.Path, depth: int) -> str:
    return f"{'  ' * depth + name:{WIDTH}} {summary(path)}"


def page_with_tree(page: str) -> str:
    """The page with its tree made anew."""
    begin, end = map(re.escape, (BEGIN, END))
    return re.sub(
        f"{begin}.*{end}", lambda _: BEGIN + tree() + END, page, flags=re.DOTALL
    )


def ways(page: str) -> list[tuple[str, list[str]]]:
    """The rows of the tables that lead from file to file: `a` → `b`."""
    rows = [line.split("|") for line in page.splitlines() if " → " in line]
    return [(row[1].strip(), re.findall("`([^`]+)`", row[2])) for row in rows]


if __name__ == "__main__":
    command_line.parser("tests.architecture", __doc__).parse_args()
    PAGE.write_text(page_with_tree(PAGE.read_text("utf-8")), "utf-8")
