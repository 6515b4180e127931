"""The site: its flags are those of the programs, its navigation has all pages.

`make docs` builds it, with every link checked.
"""

import types

import pytest
import yaml

from electra_tf.configs import hparams
from tests.commands import ROOT
from website import examples, hooks


@pytest.fixture(scope="module")
def flags():
    return hooks.flags()


def test_every_flag_is_there(flags):
    for program, config_class in hooks.CONFIGS.items():
        _, _, section = flags.partition(f"## {program}\n")
        for field in hparams.readable_fields(config_class):
            assert f"| `--{field.name}` |" in section, (program, field.name)


def test_every_program_shows_its_help(flags):
    for module in hooks.PROGRAMS:
        name = module.removesuffix(".__main__")
        assert f"## {name}\n\n```text\nusage: " in flags


def test_rows_are_rows(flags):
    """Bars within cells are escaped."""
    rows = [line for line in flags.splitlines() if line.startswith("| `--")]
    assert len(rows) > 200
    for row in rows:
        assert row.replace("\\|", "").count("|") == 4, row


def test_links_to_what_is_no_page_are_text():
    file = types.SimpleNamespace(src_uri="how_to/a.md")
    page = types.SimpleNamespace(file=file)
    text = "[in](../b.md#c), [out](../../deploy), [web](https://x.org/y)"
    assert hooks.on_page_markdown(text, page) == (
        "[in](../b.md#c), out, [web](https://x.org/y)"
    )


def test_paths_in_tables_fold_behind_slashes_alone():
    html = "<td>in <code>a/b_c</code></td><td>/</td> <code>a/b</code>"
    folding = "<td>in <code>a/<wbr>b_c</code></td><td>/</td> <code>a/b</code>"
    assert hooks.on_page_content(html) == folding


def test_examples_are_code_once():
    text = "Say\n\n    >>> 1\n    1\n\n```python\n>>> 2\n2\n\n```\n"
    assert examples.fenced(text) == (
        "Say\n\n    ```pycon\n    >>> 1\n    1\n    ```\n\n"
        "```python\n>>> 2\n2\n\n```\n"
    )


def test_every_page_is_in_the_navigation():
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    docs = ROOT / "docs"
    pages = [str(path.relative_to(docs)) for path in docs.rglob("*.md")]
    assert yaml.safe_load(config)["strict"]
    for page in pages:
        assert page in config or page.startswith("study/"), page
