"""Counts of tokens: files that are whole, and those made later."""

import json

import pytest

from data_prep import count_tokens
from electra_tf.io import token_counts
from electra_tf.io.token_counts import TokenCountsError


@pytest.fixture
def folder(tmp_path):
    token_counts.write([3, 0, 2], "abc", tmp_path)
    return tmp_path


def test_counts_survive(folder):
    assert token_counts.read(folder, "abc") == [3, 0, 2]


def test_another_vocabulary_is_named(folder):
    with pytest.raises(TokenCountsError, match=r"SHA-256 is abc. Expected: d"):
        token_counts.read(folder, "d")


def test_damage_is_noticed(folder):
    path = folder / token_counts.FILE_NAME
    content = json.loads(path.read_text())
    content["counts"][1] = 1
    path.write_text(json.dumps(content))
    with pytest.raises(TokenCountsError, match="is damaged"):
        token_counts.read(folder, "abc")
    path.write_text(path.read_text()[:20])
    with pytest.raises(TokenCountsError, match="holds no counts"):
        token_counts.read(folder, "abc")


def test_a_folder_without_counts_says_how_to_make_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data_prep\.count_tokens"):
        token_counts.read(tmp_path, "abc")


@pytest.mark.parametrize("more", [[], ["--nopadded", "--compression=GZIP"]])
def test_counting_later_gives_the_same(
    run, corpus_dir, vocab_file, tmp_path, more
):
    folder = tmp_path / "records"
    shown = run(
        "build_pretraining_dataset",
        f"--corpus_dir={corpus_dir}",
        f"--vocab_file={vocab_file}",
        f"--output_dir={folder}",
        "--max_seq_length=32",
        *more,
    )
    assert shown.returncode == 0, shown.stderr
    path = folder / token_counts.FILE_NAME
    counted = path.read_bytes()
    path.unlink()
    count_tokens.main([str(folder), f"--vocab_file={vocab_file}"])
    assert path.read_bytes() == counted
