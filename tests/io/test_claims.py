"""One process at a time writes to a folder of a store."""

import threading

import pytest

from electra_tf.io import claims, files, listing, stores


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(claims, "HEARTBEAT", 0.02)
    monkeypatch.setattr(claims, "DEAD", 2.0)


def claimed(folder):
    return claims.claimed(folder, folder, "In use by OWNER.", "--dir", "lock")


def test_the_second_is_refused_and_the_next_is_let_in(store):
    with claimed(store):
        refused = pytest.raises(claims.ClaimError, match="In use by process")
        with refused, claimed(store):
            raise AssertionError
        files.write(f"{store}/a", "1")
    with claimed(store):
        pass
    assert listing.names_in(store) == ["a"]


def test_a_dead_owner_is_passed_over(store, capsys):
    stores.create(f"{store}/lock", b'{"owner": "process 1 on old"}')
    with claimed(store):
        files.write(f"{store}/a", "1")
    assert "process 1 on old. If that is gone" in capsys.readouterr().err
    assert listing.names_in(store) == ["a"]


@pytest.fixture
def no_heartbeat(monkeypatch):
    monkeypatch.setattr(claims, "HEARTBEAT", 60.0)


def test_who_was_thought_dead_changes_nothing_more(
    store, monkeypatch, no_heartbeat
):
    with claimed(store):
        files.write(f"{store}/a", "first")
        stores.fence(store, check := stores._fences.pop(store))
        with monkeypatch.context() as other:
            other.setattr(stores, "_fences", {})
            files.write(f"{store}/lock", '{"owner": "another"}')
        late = claims.time.time() + claims.DEAD
        monkeypatch.setattr(claims.time, "time", lambda: late)
        for change in (
            lambda: files.write(f"{store}/a", "second"),
            lambda: files.remove(f"{store}/a"),
            lambda: files.rename(f"{store}/a", f"{store}/b"),
            lambda: files.remove_folder(f"{store}/deep"),
        ):
            with pytest.raises(claims.ClaimError, match="was taken over"):
                change()
        assert check
    assert files.read(f"{store}/a") == b"first"
    assert files.exists(f"{store}/lock")  # It is another's.


def test_of_many_one_is_let_in(store, no_heartbeat):
    inside, ended = [], threading.Event()
    errors = []

    def claim():
        try:
            with claimed(store):
                inside.append(1)
                ended.wait()
        except claims.ClaimError as error:
            errors.append(error)
            ended.set()

    stores.create(f"{store}/lock", b'{"owner": "dead"}')
    threads = [threading.Thread(target=claim) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inside), len(errors)) == (1, 1)
