"""What tests of several programs start from."""

import shutil

import pytest

from tests import small_run


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
