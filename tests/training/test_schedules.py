"""The paper's schedule; the released one is in fidelity."""

import numpy as np

from electra_tf.training.schedules import polynomial_decay_with_warmup


def test_decay_after_warmup_starts_at_the_peak():
    schedule = polynomial_decay_with_warmup(
        1.0, 10, warmup_steps=2, decay_after_warmup=True
    )
    rates = [float(schedule(step)) for step in (0, 1, 2, 6, 10, 11)]
    np.testing.assert_allclose(rates, [0, 0.5, 1, 0.5, 0, 0], atol=1e-6)


def test_warmup_may_exceed_the_training():
    schedule = polynomial_decay_with_warmup(
        1.0, 10, warmup_steps=20, decay_after_warmup=True
    )
    np.testing.assert_allclose(float(schedule(9)), 9 / 20, rtol=1e-6)
