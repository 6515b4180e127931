"""One sentence or two, as one input."""

import numpy as np
import pytest

from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.sentences.classification import joined
from tests.finetuning import sentences


def popped(ids, pair_ids, room):
    """Drop the last token of the longer text until both fit."""
    ids, pair_ids = list(ids), list(pair_ids)
    while len(ids) + len(pair_ids) > room:
        (ids if len(ids) > len(pair_ids) else pair_ids).pop()
    return ids, pair_ids


@pytest.mark.parametrize("room", [1, 6, 7])
def test_pairs_lose_the_end_of_the_longer_text(room):
    for first in range(1, 12):
        for second in range(1, 12):
            a, b = range(10, 10 + first), range(50, 50 + second)
            input_ids, segment_ids = joined([*a], [*b], room + 3, 1, 2)
            left, right = popped(a, b, room)
            assert input_ids == [1, *left, 2, *right, 2]
            assert segment_ids == [0] * (len(left) + 2) + [1] * (len(right) + 1)


def task(name: str):
    return task_table.tasks(sentences.config(task_names=[name]))[0]


def test_labels_become_numbers():
    assert task("rte").targets.parse("not_entailment") == 1
    assert task("sts").targets.parse("2.5") == 0.5


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("rte", "yes", "unknown label 'yes'; the labels are "),
        ("sts", "many", "the score is 'many'; expected a number"),
        ("sts", "5.5", "the score is '5.5'; expected a number from 0 to 5"),
        ("sts", "nan", "the score is 'nan'"),
    ],
)
def test_wrong_labels(name, text, expected):
    with pytest.raises(ValueError) as error:
        task(name).targets.parse(text)
    assert expected in str(error.value)


def test_predictions_are_in_terms_of_the_raw_data():
    outputs = {
        "eid": np.array([0, 1]),
        "predictions": np.array([1, 0]),
        "logits": np.array([[0.0, 1.0], [2.0, 0.0]]),
    }
    assert task("qnli").predictions(outputs) == [
        (0, "not_entailment", [0.0, 1.0]),
        (1, "entailment", [2.0, 0.0]),
    ]
    outputs = {"eid": [0, 1], "predictions": np.array([0.5, 1.25])}
    assert task("sts").predictions(outputs) == [
        (0, "2.500", 0.5),
        (1, "5.000", 1.25),
    ]
