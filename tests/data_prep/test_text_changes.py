"""Text that changes while it is read."""

import os

import pytest

from data_prep import corpus
from data_prep.builds import plan
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.errors import UserError


def grown(path):
    path.write_text(path.read_text() + "more\n")


def rewritten(path):
    path.write_text(path.read_text().upper())
    os.utime(path, (1, 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (grown, "9 bytes, "),
        (rewritten, "changed at 1.0"),
        (os.remove, "gone after"),
    ],
)
def test_a_build_of_it_does_not_count(tmp_path, vocab_file, change, words):
    (tmp_path / "text").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "text" / name).write_text("the\n")
    planned = plan.plan_of(
        PretrainingDatasetConfig(
            corpus_dir=str(tmp_path / "text"),
            vocab_file=str(vocab_file),
            output_dir=str(tmp_path / "out"),
        )
    )
    corpus.check_unchanged(planned.files, planned.states)
    change(tmp_path / "text" / "b.txt")
    discarded = []

    class Folder:
        def discard(self):
            discarded.append(True)

    with pytest.raises(UserError, match="1 files of text changed") as error:
        planned.finish(Folder(), [])
    assert words in str(error.value)
    assert "a.txt" not in str(error.value)
    assert discarded
