"""The demo's corpus and its labelled set, from docstrings.

The task: does this docstring describe a function of this name? Names and
docstrings that belong together are positive examples; negative ones take the
docstring of another function of the same library. Development examples come
from source files of which nothing is in the corpus or the training set.
"""

import csv
import hashlib
import io
import os
import pathlib
import random
import re
from collections.abc import Iterable, Iterator

from data_prep import build_docstring_corpus
from data_prep.build_docstring_corpus import Docstring, iterate_docstrings
from electra_tf.io import files

SEED = 0
# One source file in ten is kept for the development set.
DEV_SHARE = 0.1
DEV_EXAMPLES = 2000
NAME_WORDS = (2, 8)
SUMMARY_WORDS = (6, 40)
COLUMNS = ("name", "docstring", "label")
LABELS = ("other", "same")


def write_texts(folder: pathlib.Path, train_examples: int):
    """Write `corpus/*.txt`, `train.tsv` and `dev.tsv` into a folder."""
    records = list(iterate_docstrings(num_processes=os.cpu_count() or 1))
    dev = [record for record in records if is_dev(record)]
    train = [record for record in records if not is_dev(record)]
    if not (folder / "corpus").exists():
        build_docstring_corpus.write_corpus(train, folder / "corpus")
    write_examples(folder / "train.tsv", train, train_examples)
    write_examples(folder / "dev.tsv", dev, DEV_EXAMPLES)


def is_dev(record: Docstring) -> bool:
    """Say whether a record's source file is kept for the development set."""
    digest = hashlib.sha256(f"{record.library}/{record.path}".encode())
    return int(digest.hexdigest()[:8], 16) < DEV_SHARE * 16**8


def write_examples(
    path: pathlib.Path, records: Iterable[Docstring], number: int
):
    """Write labelled pairs as TSV, half of them positive."""
    rows = list(pairs(records, random.Random(SEED)))[:number]
    text = io.StringIO(newline="")
    options = {"quoting": csv.QUOTE_NONE, "quotechar": None}
    csv.writer(text, delimiter="\t", **options).writerows([COLUMNS, *rows])
    files.write(path, text.getvalue())
    print(f"{len(rows)} labelled pairs in {path}")


def pairs(
    records: Iterable[Docstring], rng: random.Random
) -> Iterator[tuple[str, str, str]]:
    """Yield (name, summary, label), every second one a mismatch."""
    described = [
        (record.library, words_of_name(record.name), summary(record.text))
        for record in records
    ]
    described = [
        item
        for item in dict.fromkeys(described)
        if _within(item[1], NAME_WORDS) and _within(item[2], SUMMARY_WORDS)
    ]
    rng.shuffle(described)
    by_library: dict[str, list] = {}
    for library, name, text in described:
        by_library.setdefault(library, []).append((name, text))
    for number, (library, name, text) in enumerate(described):
        if number % 2 == 0:
            yield name, text, LABELS[1]
            continue
        others = [t for n, t in by_library[library] if n != name]
        if others:
            yield name, rng.choice(others), LABELS[0]


def _within(text: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= len(text.split()) <= bounds[1]


def words_of_name(name: str) -> str:
    """Split the last part of a dotted name into words.

    >>> words_of_name("pandas.io.parsers.read_csv")
    'read csv'
    >>> words_of_name("unittest.mock.NonCallableMock")
    'non callable mock'
    """
    last = name.rpartition(".")[2]
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last).replace("_", " ")
    return " ".join(parts.lower().split())


def summary(text: str) -> str:
    """Return the first paragraph of a docstring, in one line.

    >>> summary("Reads a file.\\nAll of it.\\n\\nArgs:\\n  path: of the file.")
    'Reads a file. All of it.'
    """
    return " ".join(text.split("\n\n")[0].split())
