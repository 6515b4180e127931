"""Random inputs belong to documents, and so do examples."""

import gzip
import json

import numpy as np
import pytest

from data_prep import build_pretraining_dataset, corpus
from data_prep.dataset_config import PretrainingDatasetConfig
from data_prep.examples.example_builder import random_inputs_of
from electra_tf.io import manifest, records

SHARE = 0.25


def first_draw(lines, seed=0):
    return random_inputs_of(lines, seed)[0].random()


def test_numbers_are_uniform():
    numbers = np.array([first_draw([str(n)]) for n in range(20_000)])
    assert 0 <= numbers.min() < numbers.max() < 1
    counts = np.histogram(numbers, 20, (0, 1))[0]
    assert (abs(counts - 1000) < 5 * 1000**0.5).all()
    inputs = random_inputs_of(["the king"], 0)[0]
    rolls = np.array([inputs.randint(5, 9) for _ in range(20_000)])
    counts = np.bincount(rolls)[5:]
    assert len(counts) == 5
    assert (abs(counts - 4000) < 5 * 4000**0.5).all()


def test_seed_and_text_decide():
    assert first_draw(["a", "b"]) == first_draw(iter(["a", "b"]))
    different = [
        first_draw(["a", "b"]),
        first_draw(["a", "b"], seed=1),
        first_draw(["ab"]),
        first_draw(["a"]),
    ]
    assert len(set(different)) == len(different)


def test_a_long_document_is_not_held_in_memory():
    read = 0

    def lines():
        nonlocal read
        for _ in range(10**9):
            read += 1
            yield "the king " * 100

    inputs, again = random_inputs_of(lines(), 0)
    assert read < 200
    assert inputs.random() == first_draw(again)


def as_one_file(folder, documents):
    (folder / "a.txt").write_text("\n\n".join(map("\n".join, documents)))


def as_files_in_reverse(folder, documents):
    for number, document in enumerate(reversed(documents)):
        (folder / f"{number:04}.txt").write_text("\n".join(document))


def as_json_lines(folder, documents):
    with (folder / "a.jsonl").open("w") as file:
        for document in documents:
            file.write(json.dumps({"text": "\n".join(document)}) + "\n")


def as_gzip(folder, documents):
    text = "\n\n".join(map("\n".join, documents[::2]))
    (folder / "a.gz").write_bytes(gzip.compress(text.encode()))
    as_one_file(folder, documents[1::2])


@pytest.fixture
def examples_of(tmp_path, vocab_file):
    """Build; return the sorted records, training and held out."""

    def built(name, write, documents, **settings):
        folder = tmp_path / name
        folder.mkdir()
        write(folder, documents)
        config = PretrainingDatasetConfig(
            corpus_dir=str(folder),
            vocab_file=str(vocab_file),
            output_dir=str(tmp_path / f"{name}-out"),
            max_seq_length=32,
            held_out_share=SHARE,
            **settings,
        )
        build_pretraining_dataset.main(config)
        made = manifest.read(config.output_dir)
        return [
            sorted(
                record
                for shard in some
                for record in records.read_records(
                    f"{config.output_dir}/{shard.name}"
                )
            )
            for some in (made.training, made.held_out)
        ]

    return built


def test_examples_depend_on_documents_alone(
    examples_of, documents, monkeypatch
):
    """Not on files, their format and order, on jobs or other documents."""
    expected = examples_of("one", as_one_file, documents)
    assert all(expected)
    for write in (as_files_in_reverse, as_json_lines, as_gzip):
        assert examples_of(write.__name__, write, documents) == expected
    half = examples_of("half", as_one_file, documents[::2])
    for some, whole in zip(half, expected, strict=True):
        assert set(some) < set(whole)
    monkeypatch.setattr(corpus, "BYTES_PER_JOB", 2000)
    monkeypatch.setattr(corpus, "SMALLEST_UNIT", 200)
    split = examples_of("jobs", as_one_file, documents, num_out_files=7)
    assert split == expected
    other = examples_of("seed", as_one_file, documents, seed=1)
    assert other != expected


def test_share_that_is_held_out(examples_of):
    documents = [[f"the king {n}"] for n in range(2000)]
    training, held_out = examples_of("many", as_one_file, documents * 2)
    expected = SHARE * 4000
    # Copies go to the same side: 2000 independent draws.
    assert abs(len(held_out) - expected) < 5 * 2 * (2000 * 0.25 * 0.75) ** 0.5
    assert not set(training) & set(held_out)
