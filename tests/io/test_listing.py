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
    "t/*/",
    "t/**/",
    "t//*.txt",
    "t//b",
    "l",
    "l/",
    "l/*",
    "l/*/",
    "l/*/*.txt",
    "l/**/*.json",
    "l/*/*/*",
    "l/[e-z]*",
    "l/to_t",
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
    "v/vocab.txt",
    "v/w/x.json",
    "v/.w/x.txt",
    "empty/new.txt",
    "l/own.txt",
)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_taken_is_what_is_found(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t").mkdir()
    (tmp_path / "link").symlink_to("t")
    for folder in ("l", "l/m", "v", "empty"):
        (tmp_path / folder).mkdir()
    (tmp_path / "v" / "vocab.txt").touch()
    links = {"vocab.txt": "../v/vocab.txt", "v": "../v", "m/e": "../../empty"}
    for name, target in links.items():
        (tmp_path / "l" / name).symlink_to(target)
    (tmp_path / "l" / "to_t").symlink_to("../t")
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
