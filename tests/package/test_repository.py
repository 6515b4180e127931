"""The files around the code name the versions that the code has."""

import yaml

import electra_tf
from tests.commands import ROOT

VERSIONS = ["3.10", "3.11", "3.12", "3.13"]


def _yaml(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_versions_of_python():
    """The workflow tests those that setup.py names."""
    (job,) = _yaml(".github/workflows/tests.yml")["jobs"].values()
    assert job["strategy"]["matrix"]["python"] == VERSIONS
    assert job["steps"][-1]["run"] == "make test"
    setup = (ROOT / "setup.py").read_text("utf-8")
    assert "range(10, 14)" in setup and ">=3.10,<3.14" in setup


def test_version_of_the_program():
    """One number, in the citation too; the changelog has a place for news."""
    assert _yaml("CITATION.cff")["version"] == electra_tf.__version__
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_hooks_are_the_lint_of_the_gate():
    """`make test` runs what pre-commit runs."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (repository,) = _yaml(".pre-commit-config.yaml")["repos"]
    for hook in repository["hooks"]:
        command = hook["entry"].removeprefix(".venv/bin/").split(" --fix")[0]
        assert f"$(BIN)/{command}" in makefile


def test_pages_that_contributors_are_sent_to():
    """Each file that CONTRIBUTING names is there."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for word in text.replace("(", "`").replace(")", "`").split("`"):
        if word.endswith((".py", ".md")):
            assert (ROOT / word).exists(), word
