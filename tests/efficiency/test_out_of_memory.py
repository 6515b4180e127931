"""Too little memory: what was asked for, what a step needs, ways out."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.efficiency.memory import (
    OutOfMemoryError,
    out_of_memory_explained,
    training_memory,
)
from electra_tf.errors import UserError
from tests import tiny

HUGE = 2**40


def message(error) -> str:
    config = tiny.pretraining(accumulation_steps=2)

    def fail():
        raise error

    with (
        pytest.raises(OutOfMemoryError) as raised,
        out_of_memory_explained(config, lambda: training_memory(config)),
    ):
        (error if callable(error) else fail)()
    return str(raised.value)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (
            tf.errors.ResourceExhaustedError(
                None, None, "OOM when allocating tensor with shape[448,9] and "
                "type float on /device:CPU:0 by allocator mklcpu"
            ),
            "tensor with shape[448,9] and type float",
        ),
        (lambda: np.ones([HUGE, 8]), "64.0 TiB"),
        (MemoryError(), "enough memory. By an estimate a step needs"),
        (
            tf.errors.InternalError(
                None, None, "RESOURCE_EXHAUSTED: Out of memory while trying to "
                "allocate 17179869184 bytes."
            ),
            "17179869184 bytes",
        ),
    ],
)  # fmt: skip
def test_says_what_to_do(error, asked):
    said = message(error)
    assert asked in said
    ways = [
        said.index(name)
        for name in (
            *("accumulation_steps (now 2)", "--recompute"),
            *("train_batch", "max_seq"),
        )
    ]
    assert ways == sorted(ways)


def test_offers_no_setting_that_is_on():
    config = tiny.pretraining(recompute=True)
    with (
        pytest.raises(OutOfMemoryError) as raised,
        out_of_memory_explained(config, lambda: training_memory(config)),
    ):
        raise MemoryError
    assert "recompute" not in str(raised.value)


@pytest.mark.parametrize(
    "error",
    [ValueError("shapes differ"), UserError("no room"), OSError(28, "full")],
)
def test_other_errors_pass(error):
    with (
        pytest.raises(type(error)) as raised,
        out_of_memory_explained(None, None),
    ):
        raise error
    assert raised.value is error
