"""Outputs replace neither each other nor what others have written."""

import pytest

from electra_tf.errors import UserError
from electra_tf.training import outputs


@pytest.fixture
def run(tmp_path) -> str:
    (tmp_path / "run").mkdir()
    return str(tmp_path / "run")


def test_a_run_writes_its_own_files_again(run, tmp_path):
    path = tmp_path / "results.txt"
    outputs.check(run, [("results_txt", str(path))])
    path.write_text("of this run")
    outputs.check(run, [("results_txt", str(path))])
    # By another way, too.
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    outputs.check(run, [("results_txt", str(link / "results.txt"))])


def test_files_of_others_stay(run, tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("the\n")
    with pytest.raises(UserError, match="is there already, and not"):
        outputs.check(run, [("results_txt", str(path))])
    # What was refused has not become the run's.
    with pytest.raises(UserError, match="is there already, and not"):
        outputs.check(run, [("results_txt", str(path))])
    outputs.check(run, [("results_txt", str(path))], usual={"results_txt"})


def test_a_place_by_two_names(run, tmp_path):
    one, other = str(tmp_path / "a"), str(tmp_path / "b" / ".." / "a")
    with pytest.raises(UserError, match="by results_txt and results_json"):
        outputs.check(run, [("results_txt", one), ("results_json", other)])
