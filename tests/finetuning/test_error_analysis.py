"""What a report says of a trial's errors."""

import numpy as np
import pytest

from electra_tf.finetuning import error_analysis, inputs
from electra_tf.finetuning.error_analysis import Evaluated
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.question_answering.passages import (
    Passage,
    Question,
)
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.finetuning.tasks.tagging.sentence_files import Sentence
from electra_tf.finetuning.tasks.task import Source
from tests.finetuning import sentences


def evaluated(tmp_path, name, examples, outputs, labels=None) -> Evaluated:
    tasks = task_table.tasks(sentences.config(task_names=[name]))
    if labels:
        tasks[0].labels = labels
    tokenizer = sentences.tokenizer(tmp_path)
    made = inputs.make(tasks, {name: examples}, tokenizer, 4)
    outputs = {n: np.array(values) for n, values in outputs.items()}
    return Evaluated(tasks[0], outputs, Source(examples, tokenizer), made)


def test_labels(tmp_path):
    texts = ["good", "a | film\n<b>", "bad"]
    examples = [Example(3 * n, t, None, 1) for n, t in enumerate(texts)]
    outputs = {
        "eid": [0, 3, 6],
        "loss": [0.5, 3.25, 0.75],
        "label_ids": [1, 1, 0],
        "predictions": [1, 0, 1],
    }
    confusion, errors = error_analysis.sections(
        evaluated(tmp_path, "sst", examples, outputs)
    )
    assert confusion.splitlines()[2:] == [
        r"| right \\ predicted | 0 | 1 |",
        "|---|---|---|",
        "| 0 | 0 | 1 |",
        "| 1 | 1 | 1 |",
    ]
    assert errors.splitlines()[4:] == [
        r"| 3.25 | 1 | 0 | a \| film \<b> |",
        "| 0.75 | 0 | 1 | bad |",
    ]


def test_numbers(tmp_path):
    examples = [Example(n, "good", "bad film", 0.5) for n in range(2)]
    outputs = {
        "eid": [0, 1],
        "loss": [0.01, 0.16],
        "targets": [0.2, 0.6],
        "predictions": [0.3, 0.2],
    }
    made = evaluated(tmp_path, "sts", examples, outputs)
    spread, errors = error_analysis.sections(made)
    assert error_analysis.confused(made) is None
    assert "| 3 to 3 | 1 | 1 | 0 |" in spread
    assert errors.splitlines()[4] == "| 0.160 | 3 | 1 | good ‖ bad film |"


def test_tags(tmp_path):
    words = ["a", "films", "."]
    examples = [Sentence(n, words, ["B-NP", "E-NP", "O"]) for n in range(2)]
    outputs = {
        "eid": [0, 1],
        "loss": [0.1, 4.0],
        "label_ids": [[0, 1, 2]] * 2,
        "predictions": [[0, 1, 2], [0, 2, 2]],
        "labels_mask": [[1.0] * 3] * 2,
    }
    made = evaluated(
        tmp_path, "chunk", examples, outputs, ("B-NP", "E-NP", "O")
    )
    confusion, errors = error_analysis.sections(made)
    assert error_analysis.confused(made).counts[1] == [0, 1, 1]
    assert "| E-NP | 0 | 1 | 1 |" in confusion
    assert errors.splitlines()[4:] == ["| 4.00 | a [films: E-NP → O] . |"]


def test_many_labels_are_shown_by_their_errors():
    labels = [f"label {n}" for n in range(30)]
    gold = np.array([*range(30), 7, 7])
    predicted = np.array([*range(30), 8, 8])
    lines = error_analysis.confusion(labels, gold, predicted).splitlines()
    assert lines[4:] == ["| label 7 | label 8 | 2 | 66.7% |"]


@pytest.mark.parametrize("odds", [1e9, -1e9])
def test_answers(tmp_path, odds, monkeypatch):
    passage = Passage("a good film")
    examples = [
        Question(0, "q0", "good", passage, ["film"]),
        Question(1, "q1", "bad", passage, []),
    ]
    made = evaluated(tmp_path, "squad", examples, {})
    found = {"q0": "", "q1": ""} if odds > 0 else {"q0": "good", "q1": "film"}
    monkeypatch.setattr(made.task, "predictions", lambda *_: found)
    answers, errors = error_analysis.sections(made)
    if odds > 0:
        assert "| none | none | right | 1 |" in answers
        assert errors.splitlines()[4:] == ["| 0 | film | (none) | good |"]
    else:
        assert "| none | an answer | wrong | 1 |" in answers
        assert "| 0 | film | good | good |" in errors
