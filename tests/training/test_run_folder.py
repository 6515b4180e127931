"""One process a folder, and what is said when it cannot be written to."""

import errno
import json
import subprocess
import sys

import pytest

from electra_tf.training import rows, run_folder

HOLD = """
import sys
from electra_tf.training import run_folder
with run_folder.claimed(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused(tmp_path, holder):
    message = rf"{tmp_path} is in use by process {holder.pid} on "
    with (
        pytest.raises(run_folder.RunFolderError, match=message),
        run_folder.claimed(str(tmp_path)),
    ):
        pass


def test_the_lock_goes_with_a_killed_process(tmp_path, holder):
    holder.kill()
    holder.wait()
    with run_folder.claimed(str(tmp_path)):
        pass


def test_claimed_again_by_the_same_process(tmp_path):
    for _ in range(2):
        with run_folder.claimed(str(tmp_path / "new" / "folder")):
            pass


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(run_folder.RunFolderError, match="Cannot write to the"),
        run_folder.claimed(str(tmp_path / "file")),
    ):
        pass


@pytest.mark.parametrize(
    "task, chief",
    [
        (None, True),
        ({"type": "worker", "index": 0}, True),
        ({"type": "worker", "index": 1}, False),
    ],
)
def test_only_the_chief_writes(tmp_path, monkeypatch, holder, task, chief):
    """Other workers are not refused, for they write nothing."""
    config = {"cluster": {"worker": ["a:1", "b:1"]}, "task": task}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config) if task else "")
    assert run_folder.is_chief() == chief
    if not chief:
        with run_folder.claimed(str(tmp_path)):
            pass


def test_a_chief_by_name(monkeypatch):
    cluster = {"chief": ["a:1"], "worker": ["b:1"]}
    for kind, chief in (("chief", True), ("worker", False)):
        config = {"cluster": cluster, "task": {"type": kind, "index": 0}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
        assert run_folder.is_chief() == chief


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG], ids=errno.errorcode.get
)
def test_a_full_disk(tmp_path, number):
    with (
        pytest.raises(run_folder.DiskFullError, match="MB free"),
        run_folder.full_disk_explained(str(tmp_path)),
    ):
        raise OSError(number, run_folder.os.strerror(number))


def test_other_errors_pass(tmp_path):
    with (
        pytest.raises(ValueError, match="other"),
        run_folder.full_disk_explained(str(tmp_path)),
    ):
        raise ValueError("other")


ROWS = "".join(json.dumps({"step": step}) + "\n" for step in (2, 4, 6))


@pytest.mark.parametrize(
    "text, kept",
    [
        (ROWS, ROWS[: len(ROWS) * 2 // 3]),
        (ROWS[:-1], ROWS[: len(ROWS) * 2 // 3]),
        (ROWS[:14], ROWS[:12]),
        (ROWS[:12] + '{"st\x00\n', ROWS[:12]),
        ("", ""),
    ],
)
def test_rows_are_cut(tmp_path, text, kept):
    path = tmp_path / "metrics.jsonl"
    path.write_text(text)
    rows.cut(str(path), 4)
    assert path.read_text() == kept


def test_no_rows(tmp_path):
    path = str(tmp_path / "metrics.jsonl")
    rows.cut(path, 4)
    assert not rows.has(path, 4)


def test_finds_a_row(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(ROWS[:-1])
    assert rows.has(str(path), 4)
    assert not rows.has(str(path), 6)
