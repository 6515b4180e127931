"""README and the page on Python: examples run, tests exist."""

import ast
import doctest
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "python.md"
README = ROOT / "README.md"


@pytest.mark.parametrize("page, examples", [(PAGE, 21), (README, 7)])
def test_examples_of_the_page_run(in_a_folder_with_a_model, page, examples):
    rows = ["text,label", "a good film,good", "the old film,bad"]
    pathlib.Path("train.csv").write_text("\n".join(rows))
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried >= examples and not failed


def test_the_readme_is_short_enough_to_read():
    assert len(README.read_text("utf-8").splitlines()) <= 150


def test_a_classifier_of_a_csv_file_takes_eight_lines_at_most():
    first = PAGE.read_text("utf-8").split("```")[1]
    assert 0 < first.count(">>>") + first.count("... ") <= 8


def test_every_convention_has_a_test():
    table = PAGE.read_text("utf-8").split("## Conventions")[1]
    rows = re.findall(r"^\|.*\|$", table, re.MULTILINE)[2:]
    assert len(rows) > 20
    for row in rows:
        path, name = re.search(r"`([\w/.]+)::(\w+)` \|$", row).groups()
        tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
        functions = {
            node.name for node in tree.body if isinstance(node, ast.FunctionDef)
        }
        assert name in functions, row
