"""What Keras' float type is by default makes no difference."""

import keras
import numpy as np
import pytest

from electra_tf.pretraining.metrics import sums
from electra_tf.pretraining.objectives import losses
from electra_tf.randomness import RandomStream
from tests import tiny

VARIANTS = {
    "rtd": {},
    "rare tokens": {"masking": "rare_tokens"},
    "whole words": {"mask_unit": "word"},
    "without replacement": {"masking": "without_replacement"},
    "BERT's masks": {"mask_token_share": 0.8, "random_token_share": 0.1},
    "electric": {"objective": "electric"},
    "all tokens": {"objective": "all_tokens_mlm"},
}
# The others draw in the same ways.
USUAL = ("rtd", "electric", "without replacement")


@pytest.fixture
def floatx():
    yield keras.config.set_floatx
    keras.config.set_floatx("float32")


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(v, marks=() if v in USUAL else pytest.mark.slow)
        for v in VARIANTS
    ],
)
def test_numbers_are_those_of_float32(floatx, variant):
    config = tiny.pretraining(**VARIANTS[variant])
    found = {}
    for name in ("float32", "float16", "float64"):
        floatx(name)
        keras.utils.set_random_seed(1)
        output = tiny.pretrainer(config)(
            tiny.batch(), RandomStream(1, 0), training=True
        )
        terms = losses(config, output)
        found[name] = {k: term.total for k, term in terms.items()} | sums(
            output
        )
        found[name]["masks"] = output.masked.positions
    for name, values in found.items():
        for key, value in values.items():
            expected = found["float32"][key]
            assert value.dtype == expected.dtype, (name, key)
            np.testing.assert_array_equal(value, expected, err_msg=(name, key))
