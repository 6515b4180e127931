"""What a place takes, said before it is there."""

import os

import pytest

from electra_tf.io import listing

PLACES = (
    "t",
    "t/",
    "t/a.txt",
    "t/*",
    "t/**",
    "t/*.txt",
    "t/*/*.txt",
    "t/**/*.json",
    "t/[ab]*",
    "**/b",
    "*",
    "u/*",
    "t/x[1].txt",
)
PATHS = (
    "t/a.txt",
    "t/b/c.txt",
    "t/b/d/e.json",
    "t/.hidden",
    "t/.b/c.txt",
    "t/x[1].txt",
    "s/a.txt",
    "link/f.txt",
)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_taken_is_what_is_found(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").mkdir()
    (tmp_path / "link").symlink_to("t")
    (tmp_path / "t" / "x[1].txt").touch()
    said = {path: listing.takes(place, path) for path in PATHS}
    for path in PATHS:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "w").close()
    try:
        found = listing.find(place)[1]
    except FileNotFoundError:
        found = []
    real = {os.path.realpath(path) for path, _ in found}
    assert said == {path: os.path.realpath(path) in real for path in PATHS}


@pytest.mark.parametrize("root", ["/", "memory://bucket"])
def test_places_elsewhere(root):
    assert listing.takes(f"{root}/*", f"{root}/a/b")
    assert not listing.takes(f"{root}/a", f"{root}/ab")
    assert not listing.takes(f"{root}/a*/c", f"{root}/ab/d")
