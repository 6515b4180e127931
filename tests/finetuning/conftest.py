"""Folders of models that answer texts."""

import pytest


def written(tmp_path_factory, name: str) -> str:
    # Pytest reads this file before it sets TensorFlow up.
    from tests.finetuning import finetuned

    return finetuned.write(tmp_path_factory.mktemp(name), name)


@pytest.fixture(scope="module", params=["sst", "sts", "chunk", "squad"])
def any_model(request, tmp_path_factory) -> str:
    return written(tmp_path_factory, request.param)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return written(tmp_path_factory, "sst")


@pytest.fixture(scope="module")
def untold(tmp_path_factory) -> str:
    """A folder that does not say whether it learnt texts with a second one."""
    from tests.finetuning import finetuned

    folder = written(tmp_path_factory, "sst")
    return finetuned.said_of_tasks(folder, has_pairs=None)


@pytest.fixture(scope="module")
def tagger(tmp_path_factory) -> str:
    return written(tmp_path_factory, "chunk")


@pytest.fixture(scope="module")
def answerer(tmp_path_factory) -> str:
    return written(tmp_path_factory, "squadv1")
