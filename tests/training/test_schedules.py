"""The paper's schedule; the released one is in fidelity."""

import numpy as np

from electra_tf.training.schedules import polynomial_decay_with_warmup, told


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


def test_a_warmup_as_long_as_the_training_is_told(capsys):
    told(1.0, 10, 9)
    assert capsys.readouterr().err == ""
    schedule = told(1.0, 10, 20)
    # 9 / 20 of the rate at step 9, of which a tenth is left: most at step 5.
    highest = max(float(schedule(step)) for step in range(10))
    assert highest == np.float32(0.5 * 5 / 20)
    assert "the learning rate is 0.125 at most" in capsys.readouterr().err
