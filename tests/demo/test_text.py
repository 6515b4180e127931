import csv
import random

from data_prep.build_docstring_corpus import Docstring
from demo import text

TOPICS = ("file", "table", "image", "number", "matrix", "string", "server")


def records(files=40, each=10):
    """Functions called `read_<topic>_<number>`, described by their name."""
    return [
        Docstring(
            library=f"library{file % 3}",
            path=f"module{file}.py",
            name=f"module{file}.read_{topic}_{number}",
            text=f"Reads the {topic} of the number {file} {number} from disk.",
        )
        for file in range(files)
        for number, topic in enumerate((TOPICS * 2)[:each])
    ]


def test_half_of_the_pairs_match_and_say_so():
    made = list(text.pairs(records(), random.Random(0)))
    matches = [label == "same" for _, _, label in made]
    assert abs(sum(matches) - len(made) / 2) <= 1
    described = {
        (text.words_of_name(r.name), text.summary(r.text)) for r in records()
    }
    for name, summary, label in made:
        assert ((name, summary) in described) == (label == "same")


def test_mismatches_come_from_the_same_library():
    library = {text.summary(r.text): r.library for r in records()}
    names = {}
    for record in records():
        name = text.words_of_name(record.name)
        names.setdefault(name, set()).add(record.library)
    for name, summary, label in text.pairs(records(), random.Random(0)):
        if label == "other":
            assert library[summary] in names[name]


def test_the_split_is_by_file_and_nothing_of_dev_is_in_the_corpus(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(
        text, "iterate_docstrings", lambda num_processes: iter(records())
    )
    text.write_texts(tmp_path, train_examples=100)
    corpus = "".join(p.read_text() for p in (tmp_path / "corpus").iterdir())
    dev_files = {r.path for r in records() if text.is_dev(r)}
    assert 0 < len(dev_files) < 40
    for record in records():
        assert (record.text in corpus) == (record.path not in dev_files)

    def rows(name):
        with (tmp_path / name).open(newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))

    assert len(rows("train.tsv")) == 100
    shared = {r["docstring"] for r in rows("train.tsv")} & {
        r["docstring"] for r in rows("dev.tsv")
    }
    assert not shared
    assert set(rows("dev.tsv")[0]) == set(text.COLUMNS)
