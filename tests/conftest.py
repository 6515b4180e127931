"""What tests of several programs start from."""

import pytest

from tests import small_run


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Text, vocabulary and records, all by the real programs."""
    folder = tmp_path_factory.mktemp("data")
    small_run.prepare(folder)
    return folder
