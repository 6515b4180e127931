"""Where the recorded numbers of the original lie."""

import os
import pathlib

import pytest

HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="session")
def goldens() -> pathlib.Path:
    """The folder of goldens: $ELECTRA_TF_GOLDENS, or the copy in the tests."""
    return goldens_folder()


def goldens_folder() -> pathlib.Path:
    """Return the folder, for parametrising tests at collection time."""
    default = HERE.parent / "goldens"
    return pathlib.Path(os.environ.get("ELECTRA_TF_GOLDENS", default))
