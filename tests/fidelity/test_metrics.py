"""J: streaming evaluation metrics of pre-training."""

import json

import numpy as np
import pytest

from electra_tf import loss_terms
from electra_tf.pretraining import metrics, objectives
from tests.fidelity.conftest import goldens_folder
from tests.fidelity.recorded_run import RecordedRun

FOLDER = goldens_folder() / "J_eval_metrics"
CASES = sorted(FOLDER.glob("*_results.json"))


@pytest.mark.parametrize("path", CASES, ids=[case.stem for case in CASES])
def test_metrics_after_each_batch(path):
    recorded = json.loads(path.read_text())
    checkpoint = (FOLDER / recorded["checkpoint"]).resolve()
    run = RecordedRun(checkpoint.parent)
    total = {}
    for step, expected in enumerate(recorded["metrics_after_batch"]):
        output = run.forward(step)
        terms = objectives.losses(run.config, output)
        loss = loss_terms.total_loss(terms)
        assert float(loss) == pytest.approx(
            recorded["loss_per_batch"][step], abs=2e-4
        )
        for name, value in metrics.sums(output).items():
            total[name] = total.get(name, 0) + np.array(value)
        ours = metrics.summarize(total)
        for name, value in expected.items():
            assert ours[name] == pytest.approx(value, abs=2e-5), name
