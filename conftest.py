"""Set-up and fixtures of all tests and of the examples in docstrings."""

import signal

import numpy as np
import pytest

from electra_tf import command_line
from electra_tf.io import records


def pytest_configure(config):
    """Two logical CPUs, so that replicas can be tested without GPUs."""
    workers = getattr(config.option, "numprocesses", None)
    if workers and not hasattr(config, "workerinput"):
        return  # Only its workers run tests; they wait while this starts.
    command_line.set_up_tensorflow()
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * 2,
    )
    command_line.leave_graphs_as_they_are()
    _untune(tf.data.Dataset)


def _untune(dataset_class):
    """Make all iterators untuned, those that TensorFlow makes for itself too.

    Otherwise the garbage collector waits for the thread of an old iterator in
    the midst of some other test, up to a minute (see
    `records.without_autotuning`).
    """
    tuned, without = dataset_class.__iter__, records.without_autotuning
    dataset_class.__iter__ = lambda self: tuned(without(self))


@pytest.fixture
def interrupts():
    """SIGINT as in a terminal; a shell's `&` has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _names_in_examples(doctest_namespace, request):
    doctest_namespace["np"] = np
    is_example = isinstance(request.node, pytest.DoctestItem)
    if is_example and "/models/" in str(request.node.path):
        request.getfixturevalue("in_a_folder_with_a_model")


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory):
    """A tiny pre-trained model, named FOLDER in examples."""
    from tests.models import folders

    return folders.pretrained(tmp_path_factory.mktemp("models"))


@pytest.fixture
def in_a_folder_with_a_model(model_folder, tmp_path, monkeypatch):
    """Go to an empty folder, but for the model."""
    (tmp_path / "FOLDER").symlink_to(model_folder)
    monkeypatch.chdir(tmp_path)
