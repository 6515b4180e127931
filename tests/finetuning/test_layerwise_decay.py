"""Rates fall from the top layer down."""

import pytest

from electra_tf.finetuning.layerwise_decay import rate_multipliers

PATHS = (
    "electra/embeddings/LayerNorm/gamma",
    "electra/embeddings_project/kernel",
    "electra/encoder/layer_0/attention/self/key/bias",
    "electra/encoder/layer_11/output/dense/kernel",
    "task_specific/sst/dense/kernel",
)


@pytest.mark.parametrize(
    ("top", "exponents"), [(2, (14, 14, 13, 2, 0)), (0, (12, 12, 11, 0, 0))]
)
def test_powers(top, exponents):
    found = rate_multipliers(PATHS, 12, 0.8, top)
    expected = [0.8**exponent for exponent in exponents]
    assert [*found.values()] == pytest.approx(expected)


def test_zero_gives_all_the_full_rate():
    assert set(rate_multipliers(PATHS, 12, 0.0, 2).values()) == {1.0}


def test_an_unknown_variable_is_an_error():
    with pytest.raises(ValueError, match="Received: the variable 'x/y'"):
        rate_multipliers(["x/y"], 12, 0.8, 2)
