"""Vocabulary and records in stores: the same bytes as on this machine."""

import random

import pytest

from data_prep import (
    build_pretraining_dataset,
    build_vocab,
    count_tokens,
    inspect,
)
from data_prep.builds import jobs
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.errors import UserError
from electra_tf.io import files, listing
from tests.data_prep.conftest import make_document


def put_text(folder):
    draw = random.Random(0)
    for number in range(3):
        text = "\n".join(make_document(draw) for _ in range(100))
        files.write(f"{folder}/text/{number}.txt", text)


def make_vocabulary(folder):
    build_vocab.main(
        build_vocab.VocabConfig(
            corpus_dir=f"{folder}/text",
            output_file=f"{folder}/vocab.txt",
            vocab_size=200,
        )
    )


def build(folder, **changes):
    settings = {
        "corpus_dir": f"{folder}/text",
        "vocab_file": f"{folder}/vocab.txt",
        "output_dir": f"{folder}/pretrain_tfrecords",
        "max_seq_length": 32,
        "num_processes": 1,
        "num_out_files": 4,
        "held_out_share": 0.2,
        "drop_duplicate_lines": True,
        **changes,
    }
    build_pretraining_dataset.main(PretrainingDatasetConfig(**settings))


def contents(folder):
    return {
        path.removeprefix(folder): files.read(path)
        for path, _ in listing.find(folder)[1]
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("built"))
    put_text(folder)
    make_vocabulary(folder)
    build(folder)
    return contents(folder)


def test_the_same_bytes(store, expected, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    put_text(store)
    make_vocabulary(store)
    build(store)
    assert contents(store) == expected
    with pytest.raises(UserError, match=r"vocab\.txt exists"):
        make_vocabulary(store)
    build(store)
    assert "Nothing to do" in capsys.readouterr().out
    with pytest.raises(UserError, match="max_seq_length: 32 there, 16 now"):
        build(store, max_seq_length=16)
    with pytest.raises(UserError, match="is within"):
        build(store, output_dir=f"{store}/text/records")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "store",
    ["gs", "memory", pytest.param("s3", marks=pytest.mark.slow)],
    indirect=True,
)
def test_a_build_goes_on(store, expected, monkeypatch, capsys):
    """One that stopped after its first job, and while it was published."""
    put_text(store)
    files.write(f"{store}/vocab.txt", expected["/vocab.txt"])
    monkeypatch.setattr("data_prep.corpus.BYTES_PER_JOB", 30_000)
    monkeypatch.setattr("data_prep.corpus.SMALLEST_UNIT", 3_000)
    whole = f"{store}/whole"
    build(store, output_dir=whole)
    run, rename = jobs.run, files.rename

    def stopping(config, job, progress):
        if job.number:
            raise KeyError("stopped")
        return run(config, job, progress)

    monkeypatch.setattr(jobs, "run", stopping)
    with pytest.raises(KeyError):
        build(store)
    monkeypatch.setattr(jobs, "run", run)

    def renaming(path, new):
        monkeypatch.setattr(files, "rename", rename)
        rename(path, new)
        raise KeyError("stopped")

    monkeypatch.setattr(files, "rename", renaming)
    with pytest.raises(KeyError):
        build(store)
    build(store)
    assert capsys.readouterr().out.count("jobs are finished") == 2
    built = contents(f"{store}/pretrain_tfrecords")
    whole = contents(whole)
    assert built.pop("/manifest.json") and whole.pop("/manifest.json")
    assert built == whole


def test_what_is_built_is_looked_at(expected, capsys, tmp_path):
    """Also what other programs add to it, and draw."""
    store = "memory://looked-at"
    for name, content in expected.items():
        files.write(f"{store}{name}", content)
    folder = f"{store}/pretrain_tfrecords"
    inspect.main([folder, "--examples=1", f"--plot={store}/lengths.png"])
    printed = capsys.readouterr().out
    assert "5 checked, 0 wrong" in printed and "ids, " in printed
    assert files.read(f"{store}/lengths.png").startswith(b"\x89PNG")
    counts = f"{folder}/token_counts.json"
    files.remove(counts)
    count_tokens.main([folder, f"--vocab_file={store}/vocab.txt"])
    assert (
        files.read(counts) == expected["/pretrain_tfrecords/token_counts.json"]
    )
    files.write(f"{folder}/pretrain_data.tfrecord-0-of-4", b"cut")
    with pytest.raises(SystemExit, match="1 files are wrong"):
        inspect.main([folder])
