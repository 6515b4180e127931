"""F: scores of sentence tasks."""

import json

import pytest

from electra_tf.finetuning.tasks import metrics
from tests.fidelity.conftest import goldens_folder

PATH = goldens_folder() / "F_scoring" / "classification.json"
RECORDED = json.loads(PATH.read_text()) if PATH.exists() else {}
METRICS = {"accuracy": "accuracy", "mcc": "mcc", "f1": "released_f1"}


def compare(ours: dict, recorded: list, tolerance: float = 1e-12):
    assert list(ours) == [name for name, _ in recorded]
    expected = [float(value) for _, value in recorded]
    assert [*ours.values()] == pytest.approx(
        expected, rel=tolerance, nan_ok=True
    )


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("case", RECORDED.get("classification", []))
def test_classification(case, name):
    ours = metrics.score([METRICS[name]], case)
    compare(ours, case[name])
    assert metrics.as_text(ours) == case[f"{name}_results_str"]


@pytest.mark.parametrize("case", RECORDED.get("regression", []))
def test_regression(case):
    ours = metrics.score(["correlations"], case)
    compare(ours, case["results"], tolerance=1e-5)
