"""Requests of stores that fail, and stores that are none."""

import collections
import errno
import os
import pathlib

import pytest

from electra_tf.errors import UserError
from electra_tf.io import connections, files, listing, stores
from tests import emulators
from tests.emulators import VARIABLES
from tests.faults.faulty_store import FAULTS, FaultyStore

FILES = 18


class _Flaky:
    """Fails some times before it gives an answer."""

    def __init__(self, *errors):
        self.errors = [*errors]

    def __call__(self):
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def waits(monkeypatch):
    waited = []
    monkeypatch.setattr(connections.time, "sleep", waited.append)
    monkeypatch.setattr(connections, "repeated", connections.repeated.copy())
    return waited


def test_what_may_pass_is_tried_again_and_told(waits, capsys):
    call = _Flaky(OSError("503 Slow Down"), ConnectionResetError())
    assert connections.tried("s3://bucket/a", call) == "answer"
    assert len(waits) == 2 and waits[0] < waits[1]
    connections.tell_repetitions()
    assert "2 requests to s3:// failed and were made again" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "error",
    [
        PermissionError("a"),
        OSError("Forbidden: a"),
        OSError(errno.ENOSPC, "No space left on device"),
        TypeError("a"),
    ],
)
def test_what_lasts_is_not(waits, error):
    with pytest.raises(OSError):
        connections.tried("s3://bucket/a", _Flaky(error))
    assert waits == []


def test_patience_ends(waits, monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE", 1.0)
    with pytest.raises(OSError, match="s3://bucket/a: down"):
        connections.tried("s3://bucket/a", _Flaky(*[OSError("down")] * 9))
    assert len(waits) == 1


def test_what_cannot_be_written_to_is_refused():
    for url in ("http://host/a", "nosuch://a"):
        with pytest.raises(UserError, match=url):
            files.check_writable(url, "--output_dir")


@pytest.mark.parametrize(
    "scheme", ["s3", pytest.param("gs", marks=pytest.mark.slow)]
)
def test_a_store_that_fails_holds_what_was_written(
    scheme, tmp_path, monkeypatch
):
    folder = emulators.bucket(scheme)
    faulty = FaultyStore(os.environ[VARIABLES[scheme]], seed=3)
    options = {**connections._OPTIONS.get(scheme, {})}
    options["endpoint_url"] = faulty.address
    monkeypatch.setitem(connections._OPTIONS, scheme, options)
    monkeypatch.setattr(connections, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(connections, "repeated", collections.Counter())
    for number in range(FILES):
        path, content = f"{folder}/{number}", b"%d " % number * 2000
        if number % 3 == 0:
            assert stores.create(path, content)
            assert not stores.create(path, b"another")
        elif number % 3 == 1:
            files.write(path, content)
        else:
            files.write(f"{path}.new", content)
            files.rename(f"{path}.new", path)
        assert files.read(path) == content
        copy = files.fetched(path, str(tmp_path))
        assert pathlib.Path(copy).read_bytes() == content
    assert len(listing.names_in(folder)) == FILES
    assert min(faulty.faults[kind] for kind in FAULTS) > 0
    assert connections.repeated[scheme] > FILES / 5
