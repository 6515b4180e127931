import pytest

from electra_tf.pretraining.metrics import CollapseWarning

BLIND = {"disc_recall": 0.001, "disc_auc": 0.51}


def test_once_in_twenty_loops():
    warning = CollapseWarning(num_warmup_steps=0)
    said = [bool(warning(step, BLIND)) for step in range(1, 42)]
    assert [i for i, was in enumerate(said) if was] == [0, 20, 40]


@pytest.mark.parametrize(
    "metrics",
    [
        {"disc_recall": 0.001, "disc_auc": 0.7},  # Cautious, but it ranks.
        {"disc_recall": 0.3, "disc_auc": 0.51},
        {"disc_recall": float("nan"), "disc_auc": float("nan")},
        {"mlm_loss": 3.0},  # No discriminator.
    ],
)
def test_what_is_no_collapse(metrics):
    assert CollapseWarning(0)(100, metrics) is None


def test_says_what_it_saw_and_what_to_do():
    message = CollapseWarning(0)(7, BLIND)
    assert "at step 7 it finds 0.1%" in message
    assert "generator_hidden_size" in message
