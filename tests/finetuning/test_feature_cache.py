"""Kept features are those that would be made, and never others."""

import os
import shutil

import numpy as np
import pytest

from electra_tf.finetuning import feature_cache, inputs
from electra_tf.finetuning.feature_cache import FeatureCache
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.question_answering.passages import (
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.text.tokenization import Tokenizer
from tests.finetuning import sentences

EXAMPLES = [Example(0, "a good film", None, 1), Example(1, "bad", None, 0)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept"


def cache(tmp_path, task="sst", **changes) -> FeatureCache:
    config = sentences.config(
        task_names=[task],
        preprocessed_data_dir=str(tmp_path / "kept"),
        **changes,
    )
    tokenizer = sentences.tokenizer(tmp_path)
    return FeatureCache(config, task_table.tasks(config), tokenizer)


def check_same(received: inputs.Inputs, expected: inputs.Inputs):
    assert received.num_real == expected.num_real
    assert received.num_cut == expected.num_cut
    assert received.specs == expected.specs
    for name, column in expected.columns.items():
        for ours, theirs in zip(received.columns[name], column, strict=True):
            assert (ours is None) == (theirs is None)
            if theirs is not None:
                assert ours.dtype == theirs.dtype
                np.testing.assert_array_equal(ours, theirs)


def test_what_is_read_is_what_was_made(tmp_path, folder, monkeypatch):
    made = cache(tmp_path)({"sst": EXAMPLES}, 4)
    assert len([*folder.iterdir()]) == 1
    monkeypatch.setattr(inputs, "make", None)  # Not to be called again.
    check_same(cache(tmp_path)({"sst": EXAMPLES}, 4), made)


def test_key_has_all_that_features_depend_on(tmp_path):
    usual = cache(tmp_path)
    keys = {usual.key({"sst": EXAMPLES}, 4)}
    assert cache(tmp_path).key({"sst": EXAMPLES}, 4) in keys

    keys.add(usual.key({"sst": EXAMPLES}, 8))
    keys.add(usual.key({"sst": EXAMPLES[::-1]}, 4))
    keys.add(usual.key({"sst": [EXAMPLES[0]._replace(text="a")]}, 4))
    keys.add(usual.key({"sst": [EXAMPLES[0]._replace(label=0)]}, 4))
    longer = cache(tmp_path, max_seq_length=17)
    keys.add(longer.key({"sst": EXAMPLES}, 4))
    usual.tokenizer = Tokenizer(usual.tokenizer.vocab_file, do_lower_case=False)
    keys.add(usual.key({"sst": EXAMPLES}, 4))
    vocab = tmp_path / "other.txt"
    vocab.write_text(sentences.VOCABULARY + "more\n")
    usual.tokenizer = Tokenizer(str(vocab))
    keys.add(usual.key({"sst": EXAMPLES}, 4))
    assert len(keys) == 8


@pytest.mark.parametrize(
    "name",
    [
        "finetuning/tasks/tagging/tag_schemes.py",
        "finetuning/tasks/question_answering/windows.py",
        "text/tokenization.py",
        "configs/finetuning.py",
    ],
)
def test_key_has_the_code_that_makes_features(tmp_path, name):
    changed = cache(tmp_path)
    changed.code = tmp_path / "electra_tf"
    shutil.copytree(feature_cache.ROOT, changed.code)
    usual = cache(tmp_path).key({"sst": EXAMPLES}, 4)
    assert changed.key({"sst": EXAMPLES}, 4) == usual
    with (changed.code / name).open("a") as file:
        file.write("# changed\n")
    feature_cache.code_hash.cache_clear()
    assert changed.key({"sst": EXAMPLES}, 4) != usual


def test_settings_that_change_no_features_change_no_key(tmp_path):
    usual = cache(tmp_path).key({"sst": EXAMPLES}, 4)
    other = cache(tmp_path, num_train_epochs=7, learning_rate=1, seed=9)
    assert other.key({"sst": EXAMPLES}, 4) == usual


def test_key_of_questions_has_their_passages(tmp_path):
    squad = cache(tmp_path, "squad")
    keys = [
        squad.key({"squad": [Question(0, "q", "good", Passage(text), [])]}, 4)
        for text in ("a film", "a book", "a film")
    ]
    assert keys[0] == keys[2] != keys[1]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_file_is_made_anew(tmp_path, folder, caplog, damage):
    made = cache(tmp_path)({"sst": EXAMPLES}, 4)
    (path,) = folder.iterdir()
    good = path.read_bytes()
    middle = good.index(b"NUMPY") + 130  # Inside of the first array's numbers.
    path.write_bytes(
        {
            "cut": good[: len(good) // 2],
            "flipped": good[:middle] + b"\xff" + good[middle + 1 :],
            "empty": b"",
            "other": b"not at all",
        }[damage]
    )
    check_same(cache(tmp_path)({"sst": EXAMPLES}, 4), made)
    assert "is damaged and made anew" in caplog.text
    assert path.read_bytes() == good


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path, caplog):
    (tmp_path / "kept").write_text("in the way")
    made = cache(tmp_path)({"sst": EXAMPLES}, 4)
    assert made.num_real == 2
    assert "The features are not kept" in caplog.text


def test_nothing_unfinished_is_left(tmp_path, folder, monkeypatch):
    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    cache(tmp_path)({"sst": EXAMPLES}, 4)
    assert os.listdir(folder) == []


def test_nothing_is_kept_where_it_is_turned_off(tmp_path, folder):
    cache(tmp_path, use_tfrecords_if_existing=False)({"sst": EXAMPLES}, 4)
    assert not folder.exists()
