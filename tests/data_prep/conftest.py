"""A small corpus and vocabulary, and a way to run the programs."""

import pathlib
import random
import subprocess
import sys

import pytest

from tests.data_prep.sources import corpora

ROOT = pathlib.Path(__file__).parents[2]
SENTENCE = (
    "the old king saw a tower near great river in morning and horse was lost"
    " behind garden of village London built every day caf\u00e9 \u4e2d\u56fd"
)
WORDS = SENTENCE.split()


@pytest.fixture(scope="session")
def vocab_file():
    return ROOT / "tests" / "goldens" / "vocab_tiny.txt"


@pytest.fixture(scope="session")
def corpus_dir(tmp_path_factory):
    """Files in two folders, among them some that hold no text of theirs."""
    return make_corpus(tmp_path_factory.mktemp("corpus"), documents=1200)


@pytest.fixture(scope="session")
def large_corpus_dir(tmp_path_factory):
    """One with a file that is split between jobs."""
    return make_corpus(tmp_path_factory.mktemp("large"), documents=25000)


@pytest.fixture(scope="session")
def documents():
    return corpora.make_documents(200)


def make_corpus(folder, documents):
    (folder / "more").mkdir()
    draw = random.Random(1)
    for name, number in (("big.txt", documents), ("more/b.txt", 400)):
        text = "\n".join(make_document(draw) for _ in range(number))
        (folder / name).write_text(text, "utf-8")
    (folder / "empty.txt").touch()
    (folder / ".hidden").write_text("the king")
    (folder / "odd.txt").write_bytes(b"the king\xff was\r\nlost\n\n\nthe end")
    return folder


def make_document(draw):
    return "".join(
        " ".join(draw.choices(WORDS, k=draw.randint(3, 30))) + ".\n"
        for _ in range(draw.randint(1, 8))
    )


@pytest.fixture
def run():
    """Run `python -m data_prep.<program>` and return what came of it."""

    def run_program(program, *flags):
        command = [sys.executable, "-m", f"data_prep.{program}", *flags]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, check=False
        )

    return run_program
