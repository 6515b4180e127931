"""F: spans of tags, and scores of tagging."""

import json

import pytest

from electra_tf.finetuning.tasks import metrics
from electra_tf.finetuning.tasks.tagging import tag_schemes
from tests.fidelity.conftest import goldens_folder

PATH = goldens_folder() / "F_scoring" / "tagging.json"
RECORDED = json.loads(PATH.read_text()) if PATH.exists() else {}


@pytest.mark.parametrize("case", RECORDED.get("span_utils", []))
def test_spans(case):
    decoded = [list(span) for span in tag_schemes.decoded(case["tags"])]
    assert decoded == case["spans"]
    assert tag_schemes.bioes(case["tags"]) == case["bioes"]


def outputs(case: dict) -> dict:
    names = ("predictions", "labels_mask", "loss")
    return {"label_ids": case["labels"], **{n: case[n] for n in names}}


@pytest.mark.parametrize("case", RECORDED.get("scorer_cases", []))
def test_span_f1(case):
    labels = sorted(RECORDED["label_mapping"])
    found = outputs(case)
    scores = {
        **metrics.span_f1(found, labels),
        "loss": metrics.word_loss(found, released=True),
    }
    assert scores == pytest.approx(dict(case["entity_f1"]), rel=1e-12)


@pytest.mark.parametrize("case", RECORDED.get("scorer_cases", []))
def test_word_accuracy(case):
    outside = RECORDED["label_mapping"]["O"]
    found = outputs(case)
    for label, name in ((None, "accuracy"), (outside, "accuracy_auto_fail_O")):
        scores = metrics.word_accuracy(found, label)
        scores["loss"] = metrics.word_loss(found, released=True)
        assert scores == pytest.approx(dict(case[name]), rel=1e-12)
