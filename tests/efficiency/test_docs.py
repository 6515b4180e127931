"""The worked example in docs/explanation/flops.md, and its table of memory."""

import doctest
import pathlib
import re

import pytest

from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency.memory import training_memory

LONG = {"train_batch_size": 8, "max_seq_length": 512}
LONG_MLM = "Small, batch 8, length 512, BERT's objective"
PAGE = pathlib.Path(__file__).parents[2] / "docs" / "explanation" / "flops.md"


def test_worked_example():
    failed, tried = doctest.testfile(str(PAGE), module_relative=False)
    assert tried >= 10
    assert failed == 0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Small", {}),
        ("Small, batch 16", {"train_batch_size": 16}),
        ("Small, batch 64", {"train_batch_size": 64}),
        ("Small, length 256", {"max_seq_length": 256}),
        ("Small, generator of full width", {"generator_hidden_size": 1.0}),
        ("Small, BERT's objective", {"objective": "mlm"}),
        ("Small, batch 8, length 512", LONG),
        ("the same, `recompute`", {**LONG, "recompute": True}),
        (LONG_MLM, {**LONG, "objective": "mlm"}),
        (
            f"{LONG_MLM}, `recompute`",
            {**LONG, "objective": "mlm", "recompute": True},
        ),
    ],
)
def test_estimates_of_memory(name, settings):
    row = re.search(rf"^\| {name} \|.*\| (\S+) GB \|$", PAGE.read_text(), re.M)
    settings = {"train_batch_size": 32, **settings}
    config = PretrainingConfig(data_dir="D", model_name="M", **settings)
    assert f"{training_memory(config).peak / 1e9:.2f}" == row[1]
