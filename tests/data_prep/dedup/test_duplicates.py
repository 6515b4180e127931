"""What is left out for having come before, through the whole build."""

import builtins
import random

import numpy as np
import pytest

from data_prep import build_pretraining_dataset, corpus
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.dedup import dedup_filter, duplicates
from electra_tf.errors import UserError
from electra_tf.io import manifest, records
from electra_tf.text.tokenization import Tokenizer

SENTENCE = "the old king saw a tower near great river in morning horse"
WORDS = SENTENCE.split()


@pytest.fixture
def build(tmp_path, vocab_file, monkeypatch):
    """Build from documents, in several jobs; return manifest and texts."""
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 1000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 100)

    def built_from(documents, name="out", **settings):
        text = "\n\n".join("\n".join(lines) for lines in documents)
        folder = tmp_path / "corpus"
        folder.mkdir(exist_ok=True)
        if not (folder / "a.txt").exists():
            (folder / "a.txt").write_text(text, "utf-8")
        config = PretrainingDatasetConfig(
            corpus_dir=str(folder),
            vocab_file=str(vocab_file),
            output_dir=str(tmp_path / name),
            max_seq_length=64,
            num_out_files=4,
            **settings,
        )
        build_pretraining_dataset.main(config)
        made = manifest.read(tmp_path / name)
        return made, texts_of(tmp_path / name, made, vocab_file)

    return built_from


def texts_of(folder, made, vocab_file):
    tokens = Tokenizer(vocab_file).tokens
    texts = []
    for shard in made.training:
        for record in records.read_records(folder / shard.name):
            ids = records.parse_examples(record, 64)["input_ids"].numpy()
            words = [tokens[i] for i in ids if not tokens[i].startswith("[")]
            texts.append(" ".join(words).replace(" ##", ""))
    return sorted(texts)


def sentence(draw, words=8):
    return " ".join(draw.choices(WORDS, k=words))


def different(number, words=8):
    draw = random.Random(0)
    made = {sentence(draw, words) for _ in range(number * 2)}
    return sorted(made)[:number]


def test_documents(build):
    once = [[text] for text in different(120)]
    again = random.Random(1).choices(once, k=200)
    documents = [*once, *again]
    random.Random(2).shuffle(documents)
    made, texts = build(documents, drop_duplicate_documents=True)
    assert len(made.training) == 4
    assert made.counts["documents"] == 320
    assert made.counts["duplicate_documents"] == 200
    assert texts == sorted(text for [text] in once)


def test_lines_and_documents(build):
    """A line stays where it comes first, unless its document is left out."""
    lines = different(60)
    documents = [[lines[2 * i], lines[2 * i + 1]] for i in range(30)] * 2
    documents += [["the king", line] for line in lines[:20]]
    random.Random(3).shuffle(documents)
    made, texts = build(
        documents, drop_duplicate_lines=True, drop_duplicate_documents=True
    )
    assert made.counts["duplicate_documents"] == 30
    assert made.counts["duplicate_lines"] == 19 + 20
    words = " ".join(texts).split()
    expected = " ".join(["the king", *lines]).split()
    assert sorted(words) == sorted(expected)


def test_processes_and_kills_change_nothing(build, tmp_path):
    documents = [[text] for text in different(150)] * 2
    settings = {"drop_duplicate_lines": True, "drop_duplicate_documents": True}
    build(documents, "one", **settings)
    build(documents, "two", num_processes=2, **settings)
    for step in (1, 2, 4, 5, 2):
        with pytest.MonkeyPatch.context() as patch:
            raise_at_call(patch, dedup_filter, "save_numbers", step)
            with pytest.raises(KeyboardInterrupt):
                build(documents, "three", **settings)
    build(documents, "three", **settings)
    one, two, three = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two", "three")
    )
    assert one == two == three


def raise_at_call(patch, module, name, step):
    wanted, calls = getattr(module, name), []

    def call(*args):
        calls.append(args)
        if len(calls) == step:
            raise KeyboardInterrupt
        return wanted(*args)

    patch.setattr(module, name, call)


def test_ranges_of_hashes_make_no_difference(tmp_path, monkeypatch):
    """Against a dictionary of what was seen, with hashes at the edges."""
    draw = np.random.default_rng(0)
    values = [0, 1, 2**63, 2**64 - 1, *draw.integers(0, 2**64, 30, np.uint64)]
    jobs = [draw.choice(np.array(values, np.uint64), 40) for _ in range(5)]
    seen, expected = set(), []
    for hashes in jobs:
        later = []
        for place, value in enumerate(hashes.tolist()):
            if value in seen:
                later.append(place)
            seen.add(value)
        expected.append(later)
    paths = [tmp_path / f"{number}.npy" for number in range(5)]
    for path, hashes in zip(paths, jobs, strict=True):
        np.save(path, duplicates.sorted_hashes(hashes))
    for size in (1, 7, 1000):
        monkeypatch.setattr(duplicates, "HASHES_AT_A_TIME", size)
        found = duplicates.FINDERS["lines"](None, paths)
        assert [numbers.tolist() for numbers in found] == expected


def test_near_duplicates(build):
    pytest.importorskip("datasketch")
    draw = random.Random(5)
    once = [[sentence(draw, 60)] for _ in range(40)]
    again = []
    for [text] in once:
        words = text.split()
        words[draw.randrange(60)] = "london"
        again.append([" ".join(words)])
    made, texts = build([*once, *again], drop_near_duplicates=0.6)
    assert made.counts["near_duplicate_documents"] >= 38
    assert made.counts["duplicate_documents"] == 0
    assert len(texts) == 80 - made.counts["near_duplicate_documents"]


def test_thresholds_that_hashes_cannot_tell_apart(build, tmp_path):
    pytest.importorskip("datasketch")
    with pytest.raises(UserError, match=r"near_duplicates=1.0 is too near"):
        build([["the king"]], drop_near_duplicates=1.0)
    assert not (tmp_path / "out").exists()


def test_near_duplicates_need_a_package(build, monkeypatch, tmp_path):
    ordinary = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "datasketch":
            raise ImportError(name)
        return ordinary(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ValueError, match=r"pip install 'electra_tf\[dedup\]'"):
        build([["the king"]], drop_near_duplicates=0.8)
    assert not (tmp_path / "out").exists()
