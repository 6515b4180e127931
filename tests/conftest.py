"""What tests of several programs start from."""

import shutil

import pytest

from electra_tf.io import connections
from tests import emulators, small_run


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    small_run.prepare(folder)
    return folder


@pytest.fixture(scope="module")
def data_dir(_prepared, tmp_path_factory):
    """Text, vocabulary and records, all by the real programs."""
    folder = tmp_path_factory.mktemp("data")
    # What is made is the same for all modules; their runs are their own.
    return shutil.copytree(_prepared, folder, dirs_exist_ok=True)


@pytest.fixture(params=emulators.STORES)
def store(request, monkeypatch):
    """A folder in a store, of each kind there is."""
    monkeypatch.setattr(connections, "PATIENCE", 10.0)
    return emulators.bucket(request.param)
