"""Docstrings of source files, and the corpus made of them."""

import subprocess
import sys

import pytest

from data_prep import build_docstring_corpus

PROSE = "Heat the oven until the bread on its plate is brown."
MODULE = f'''
"""{PROSE}"""
raise SystemExit("imported!")

class Oven:
    """
    {PROSE} Then
        take it out and let it cool.
    """

    def heat(self):
        """{PROSE}"""

        def inner():
            """Wait for an hour, then look whether it is done at all."""

    async def short(self):
        """Too short."""
'''


@pytest.fixture
def packages(tmp_path):
    folder = tmp_path / "packages"
    for path, content in {
        "oven/__init__.py": MODULE.encode(),
        "oven/odd.py": f'# coding: latin-1\n"""{PROSE} \xe9"""'.encode(
            "latin-1"
        ),
        "oven/broken.py": b'"""' + PROSE.encode() + b'""" def (',
        "oven/bytes.py": b'"""\xff\x00"""',
        "oven/tests/test_a.py": f'"""{PROSE} Test."""'.encode(),
        "alone.py": f'"""{PROSE} \\ud800 alone."""'.encode(),
    }.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def test_records(packages):
    found = list(
        build_docstring_corpus.iterate_docstrings(
            [build_docstring_corpus.Root(packages)]
        )
    )
    assert [(d.library, d.path, d.name) for d in found] == [
        ("alone", "alone.py", "alone"),
        ("oven", "oven/__init__.py", "oven"),
        ("oven", "oven/__init__.py", "oven.Oven"),
        ("oven", "oven/__init__.py", "oven.Oven.heat.inner"),
        ("oven", "oven/odd.py", "oven.odd"),
    ]
    assert found[0].text == f"{PROSE} ? alone."
    assert found[1].text == PROSE
    assert found[2].text == f"{PROSE} Then\n    take it out and let it cool."
    assert found[4].text == f"{PROSE} \xe9"


def test_processes_do_not_matter(packages):
    roots = [build_docstring_corpus.Root(str(packages), "kitchen")]
    alone = list(build_docstring_corpus.iterate_docstrings(roots))
    assert list(build_docstring_corpus.iterate_docstrings(roots, 2)) == alone
    assert {d.library for d in alone} == {"kitchen"}


def test_missing_folder():
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(
            build_docstring_corpus.iterate_docstrings(
                [build_docstring_corpus.Root("nowhere")]
            )
        )


def test_default_roots_exist_and_are_read():
    roots = build_docstring_corpus.default_roots()
    assert roots[0].library == build_docstring_corpus.STANDARD_LIBRARY
    first = next(build_docstring_corpus.iterate_docstrings(roots[:1]))
    assert first.library == build_docstring_corpus.STANDARD_LIBRARY


def test_corpus_is_one_document_a_file(packages):
    records = build_docstring_corpus.iterate_docstrings(
        [build_docstring_corpus.Root(packages)]
    )
    texts = list(build_docstring_corpus.documents(records))
    assert len(texts) == 3
    assert texts[1].splitlines() == [
        PROSE,
        PROSE,
        "Then take it out and let it cool.",
        "Wait for an hour, then look whether it is done at all.",
    ]


def test_corpus_on_disk(packages, tmp_path, monkeypatch):
    root = build_docstring_corpus.Root(str(packages))
    monkeypatch.setattr(build_docstring_corpus, "default_roots", lambda: [root])
    config = build_docstring_corpus.DocstringCorpusConfig(
        output_dir=str(tmp_path / "corpus")
    )
    build_docstring_corpus.main(config)
    (file,) = (tmp_path / "corpus").iterdir()
    assert file.read_text("utf-8").count("\n\n") == 2
    with pytest.raises(ValueError, match="not empty"):
        build_docstring_corpus.main(config)
    small = config.replace(output_dir=str(tmp_path / "b"), max_mb=1e-5)
    with pytest.raises(ValueError, match="max_mb"):
        build_docstring_corpus.main(small)


def test_bad_flags_are_reported():
    command = [sys.executable, "-m", "data_prep.build_docstring_corpus"]
    shown = subprocess.run([*command], capture_output=True, text=True)
    assert shown.returncode == 2
    assert "--output_dir is required" in shown.stderr
