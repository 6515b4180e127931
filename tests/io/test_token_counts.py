"""Counts of tokens: whole or refused."""

import json

import pytest

from electra_tf.errors import UserError
from electra_tf.io import token_counts


@pytest.fixture
def folder(tmp_path):
    token_counts.write([3, 0, 2], "abc", tmp_path)
    return tmp_path


def test_counts_survive(folder):
    assert token_counts.read(folder, "abc") == [3, 0, 2]


def test_another_vocabulary_is_named(folder):
    with pytest.raises(UserError, match=r"SHA-256 is abc. Expected: d"):
        token_counts.read(folder, "d")


def test_damage_is_noticed(folder):
    path = folder / token_counts.FILE_NAME
    content = json.loads(path.read_text())
    content["counts"][1] = 1
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="is damaged"):
        token_counts.read(folder, "abc")
    path.write_text(path.read_text()[:20])
    with pytest.raises(UserError, match="holds no counts"):
        token_counts.read(folder, "abc")


def test_a_folder_without_counts_says_how_to_make_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data_prep\.count_tokens"):
        token_counts.read(tmp_path, "abc")
