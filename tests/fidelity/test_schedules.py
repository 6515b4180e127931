"""I: learning-rate schedules."""

import json

import numpy as np
import pytest

from electra_tf.training.schedules import polynomial_decay_with_warmup
from tests.fidelity.conftest import goldens_folder

RECORDED = goldens_folder() / "I_learning_rates.json"
SCHEDULES = (
    json.loads(RECORDED.read_text())["schedules"] if RECORDED.exists() else []
)


@pytest.mark.parametrize("case", SCHEDULES)
def test_schedule(case):
    settings = case["settings"]
    warmup = max(
        settings["total"] * settings.get("warmup_proportion", 0),
        settings.get("warmup_steps", 0),
    )
    schedule = polynomial_decay_with_warmup(
        settings["lr"], settings["total"], warmup, settings.get("power", 1.0)
    )
    first = case["first_step"]
    steps = range(first, first + len(case["learning_rate"]))
    np.testing.assert_allclose(
        [schedule(step) for step in steps],
        case["learning_rate"],
        rtol=0,
        atol=1e-6 * settings["lr"],
    )
