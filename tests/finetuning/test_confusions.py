"""Pictures of which labels are taken for which."""

import json
import types
import warnings
from xml.etree import ElementTree

import numpy as np

from electra_tf.finetuning import confusions, finished_trials
from electra_tf.finetuning.finished_trials import FinishedTrial

HOSTILE = ["$a$ & <b>", "a\x0bb\x00\n", "\u597d", "x" * 30, "x" * 31]


def texts(path) -> list[str]:
    """Return what an SVG says; it is whole XML."""
    found = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return [element.text for element in found]


def test_a_picture_has_each_label_twice_and_each_count(tmp_path):
    gold, predicted = np.array([0, 0, 1, 3, 4]), np.array([0, 1, 1, 3, 4])
    made = confusions.counted(HOSTILE, gold, predicted)
    assert (np.array(made.counts).sum(), made.counts[0][:2]) == (5, [1, 1])
    assert made.caption().endswith("Names are cut after 24 characters.")
    first, again = tmp_path / "a.svg", tmp_path / "b.svg"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        confusions.draw(made, str(first))
    confusions.draw(made, str(again))
    assert first.read_bytes() == again.read_bytes()
    found = texts(first)
    cut = [f"{'x' * 24}\u2026 ({number})" for number in (4, 5)]
    for name in ("$a$ & <b>", "a b\ufffd", "\u597d", *cut):
        assert found.count(name) == 2
    assert found.count("1") == 5 and "0" not in found


def test_the_commonest_of_many_labels_are_shown():
    labels = [f"l{number}" for number in range(30)]
    # Label 7 is the rarest of 25; five come nowhere.
    gold = np.repeat(np.arange(25), np.arange(25) + 2)
    gold = gold[gold != 7]
    predicted = np.where(gold == 24, 7, gold)
    made = confusions.counted(labels, gold, predicted)
    assert (made.merged, made.absent) == (6, 5)
    assert len(made.labels) == confusions.MOST_LABELS
    assert made.labels[-2:] == ["l24", "(6 others)"]
    counts = np.array(made.counts)
    assert counts.sum() == len(gold)
    assert counts[-2, made.labels.index("l7")] == 26
    others = (gold <= 6) & (gold != 7)
    assert counts[-1, -1] == np.sum(others & (gold < 6))
    assert "The 19 commonest labels" in made.caption()
    assert "6 others are merged" in made.caption()
    assert "5 labels occur nowhere" in made.caption()


def test_they_are_kept_with_their_trial(tmp_path):
    config = types.SimpleNamespace(model_dir=str(tmp_path))
    drawn = confusions.Confusion(["a", "b"], [[1, 2], [0, 3]])
    trial = FinishedTrial(1, 9, {}, [], [], {"cola": drawn})
    finished_trials.write(config, trial)
    assert finished_trials.read(config, 1) == trial
    path = tmp_path / "trial_1.json"
    values = json.loads(path.read_text())
    del values["confusions"]  # As earlier versions wrote it.
    path.write_text(json.dumps(values))
    assert finished_trials.read(config, 1) == trial._replace(confusions={})


def test_up_to_twenty_labels_are_all_shown():
    labels = [str(number) for number in range(confusions.MOST_LABELS)]
    made = confusions.counted(labels, np.array([3]), np.array([3]))
    assert made.labels == labels
    assert "merged" not in made.caption() and "nowhere" not in made.caption()
