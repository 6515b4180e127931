"""Metrics by hand; their recorded values are in tests/fidelity."""

import math

import pytest

from electra_tf.finetuning.tasks import metrics


def test_mcc_by_hand():
    # tp 2, tn 1, fp 1, fn 0.
    outputs = {"predictions": [1, 1, 1, 0], "label_ids": [1, 1, 0, 0]}
    expected = 100 * (2 * 1 - 1 * 0) / math.sqrt(3 * 2 * 2 * 1)
    assert metrics.mcc(outputs)["mcc"] == pytest.approx(expected)


def test_macro_f1_by_hand():
    outputs = {"predictions": [1, 1, 1, 0], "label_ids": [1, 1, 0, 0]}
    expected = 100 * (2 * 2 / 5 + 2 * 1 / 3) / 2
    assert metrics.macro_f1(outputs)["macro_f1"] == pytest.approx(expected)


def test_types_of_entities_are_those_that_are_right_somewhere():
    gold = [["B-PER", "O"]]
    found = metrics.entity_f1(gold, [["B-PER", "B-LOC"]])
    assert found["precision"] == 50
    assert found.keys() == metrics.entity_f1(gold, gold).keys()


def test_correlations_by_hand():
    outputs = {"targets": [0.0, 0.5, 1.0], "predictions": [0.1, 0.3, 0.5]}
    found = metrics.correlations(outputs)
    assert found["pearson"] == pytest.approx(100)
    assert found["spearman"] == pytest.approx(100)
    assert found["mse"] == pytest.approx((0.01 + 0.04 + 0.25) / 3)


def test_constant_predictions_have_no_correlation():
    found = metrics.correlations({"targets": [0, 1], "predictions": [1, 1]})
    assert math.isnan(found["pearson"]) and math.isnan(found["spearman"])


def test_scores_end_with_the_mean_loss():
    outputs = {"predictions": [1], "label_ids": [1], "loss": [0.25]}
    scores = metrics.score(["accuracy"], outputs)
    assert list(scores.items()) == [("accuracy", 100.0), ("loss", 0.25)]
