"""Files in stores: what is written is there, whole, and nothing else is."""

import collections

import pytest

from electra_tf.errors import UserError
from electra_tf.io import files, listing, stores

Usage = collections.namedtuple("Usage", "total used free")


def test_what_is_written_is_read(store):
    path = f"{store}/run/a.json"
    assert not files.exists(path)
    with pytest.raises(FileNotFoundError):
        files.read(path)
    files.write(path, "two")
    files.write(path, "drei")
    assert (files.read(path), files.size(path)) == (b"drei", 4)
    files.remove(path)
    files.remove(path)
    assert files.size(path) is None


def test_listing(store):
    for name in ("b.txt", "a.txt", "deep/c.txt", "deep/.hidden"):
        files.write(f"{store}/text/{name}", "x" * len(name))
    assert listing.names_in(f"{store}/text") == ["a.txt", "b.txt", "deep"]
    assert listing.names_in(f"{store}/none") == []
    below = [f"{store}/text/{n}" for n in ("a.txt", "b.txt", "deep/c.txt")]
    assert listing.find(f"{store}/text") == (
        f"{store}/text",
        list(zip(below, (5, 5, 10), strict=True)),
    )
    assert listing.find(f"{store}/text/*.txt")[1] == [
        (path, 5) for path in below[:2]
    ]
    files.remove_folder(f"{store}/text")
    assert listing.names_in(f"{store}/text") == []


def test_pieces_are_there_when_they_are_finished(store):
    path = f"{store}/file"
    pieces = files.Pieces(path)
    pieces.add(b"a" * 10)
    pieces.add(b"b")
    assert not files.exists(path)
    pieces.finish()
    assert files.read(path) == b"a" * 10 + b"b"
    assert not pieces.unfinished.parent.exists()


def test_an_error_leaves_nothing(store):
    with pytest.raises(KeyError), files.writing(f"{store}/file") as unfinished:
        unfinished.write_bytes(b"half")
        raise KeyError
    assert listing.names_in(store) == []


def test_rows_are_written_by_flush(store):
    path = f"{store}/run/metrics.jsonl"
    files.write(path, "1\n")
    files.append(path, "2")
    assert files.read(path) == b"1\n2\n"
    assert stores.find(path).size == 2
    files.flush(f"{store}/other")
    assert stores.find(path).size == 2
    files.flush(f"{store}/run")
    assert stores.find(path).size == 4
    files.append(path, "3")
    files.write(path, "new\n")
    files.flush(f"{store}/run")
    assert files.read(path) == b"new\n"


def test_streams_seek(store, monkeypatch):
    monkeypatch.setattr(files, "BYTES_PER_REQUEST", 1 << 14)
    content = bytes(range(256)) * 200  # Some requests.
    files.write(f"{store}/file", content)
    read = []
    with files.open_stream(f"{store}/file", read.append) as stream:
        assert stream.read(3) == content[:3]
        stream.seek(-5, 2)
        assert stream.read() == content[-5:]
        stream.seek(0)
        assert stream.read() == content
    assert sum(read) >= len(content)


def test_one_creates(store):
    path = f"{store}/lock"
    assert stores.create(path, b"mine")
    assert not stores.create(path, b"yours")
    assert files.read(path) == b"mine"


def test_names_change(store):
    files.write(f"{store}/a", "1")
    files.write(f"{store}/b", "2")
    files.rename(f"{store}/a", f"{store}/b")
    assert listing.names_in(store) == ["b"]
    assert files.read(f"{store}/b") == b"1"


def test_copies_have_room_together(store, monkeypatch):
    """One alone would have it; nothing is copied then."""
    paths = [f"{store}/a", f"{store}/b"]
    for path in paths:
        files.write(path, "123456")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: Usage(20, 10, 10))
    with files.at_hand(paths[:1]) as (here,):
        assert files.read(here) == b"123456"
    monkeypatch.setattr(files, "fetched", None)
    with (
        pytest.raises(UserError, match=r"/a and 1 more .* 12 bytes"),
        files.at_hand(paths),
    ):
        pass
