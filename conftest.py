"""What tests and the examples in docstrings start from."""

import signal

import numpy as np
import pytest

from electra_tf import command_line


def pytest_configure():
    """Two logical CPUs, so that replicas can be tested without GPUs."""
    command_line.set_up_tensorflow()
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )


@pytest.fixture
def interrupts():
    """SIGINT as in a terminal; a shell's `&` has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _names_in_examples(doctest_namespace):
    doctest_namespace["np"] = np
