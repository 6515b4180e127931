"""One process a folder, failures to write, and the record of each start."""

import errno
import json
import os
import pathlib
import subprocess
import sys

import pytest

from electra_tf.errors import UserError
from electra_tf.io import claims
from electra_tf.training import run_folder

INPUTS = {"vocab_sha256": "aa", "shards": 4}
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
        pytest.raises(claims.ClaimError, match=message),
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
        pytest.raises(claims.ClaimError, match="Cannot write to the"),
        run_folder.claimed(str(tmp_path / "file")),
    ):
        pass


def test_workers_that_write_nothing_are_let_in(tmp_path, holder):
    with run_folder.claimed(str(tmp_path), chief=False):
        pass


@pytest.mark.parametrize("name", ["a/b", "..", ".", "/tmp/x"])
def test_a_name_is_no_path(name):
    with pytest.raises(UserError, match="not a path"):
        run_folder.check_name(name)
    run_folder.check_name("electra_small_1.0 {x}")


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG], ids=errno.errorcode.get
)
def test_a_full_disk(tmp_path, number):
    with (
        pytest.raises(claims.DiskFullError, match="MB free"),
        run_folder.claimed(str(tmp_path)),
    ):
        raise OSError(number, os.strerror(number))


def test_other_errors_pass(tmp_path):
    with (
        pytest.raises(ValueError, match="other"),
        run_folder.claimed(str(tmp_path)),
    ):
        raise ValueError("other")


def records(folder) -> list[dict]:
    lines = (folder / run_folder.RECORD_FILE).read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_one_line_a_start(tmp_path):
    folder = tmp_path / "run"
    run_folder.record_start(str(folder), step=0, seed=42)
    run_folder.record_start(str(folder), step=10, seed=42)
    first, second = records(folder)
    assert (first["step"], second["step"]) == (0, 10)
    assert first["seed"] == 42
    assert first["command"] == sys.argv
    assert first["started"] <= second["started"]
    assert any("CPU" in name for name in first["devices"])


def test_a_run_keeps_its_vocabulary(tmp_path):
    run_folder.check_vocabulary(str(tmp_path), "ab")
    for _ in range(2):
        run_folder.record_start(str(tmp_path), vocab_sha256="ab")
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write('{"started": "20')  # As a full disk leaves it.
    run_folder.check_vocabulary(str(tmp_path), "ab")
    with pytest.raises(ValueError, match="SHA-256 ab there, cd now"):
        run_folder.check_vocabulary(str(tmp_path), "cd")


def test_versions():
    versions = run_folder.versions()
    assert versions["tensorflow"].startswith("2.")
    assert versions["keras"].startswith("3.")
    assert None not in versions.values()


def test_source_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert run_folder.source(pathlib.Path(run_folder.__file__).parent) is None


def test_source_of_another_project(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert run_folder.source(tmp_path) is None


def test_the_same_inputs_go_on(tmp_path):
    for _ in range(2):
        run_folder.check_inputs(str(tmp_path), INPUTS, accept=False)


def test_other_inputs_are_refused_unless_accepted(tmp_path, capsys):
    run_folder.check_inputs(str(tmp_path), INPUTS, accept=False)
    changed = {**INPUTS, "shards": 3}
    with pytest.raises(UserError) as error:
        run_folder.check_inputs(str(tmp_path), changed, accept=False)
    assert "shards: 4 when it began, 3 now" in str(error.value)
    assert "--accept_changed_inputs" in str(error.value)
    run_folder.check_inputs(str(tmp_path), changed, accept=True)
    assert "shards: 4 when it began, 3 now" in capsys.readouterr().err
    run_folder.check_inputs(str(tmp_path), changed, accept=False)


@pytest.mark.parametrize("content", ["", "{", "[1]", '"x"', "[[[["])
def test_a_damaged_file_is_put_aside(tmp_path, content, capsys):
    path = tmp_path / run_folder.INPUTS_FILE
    path.write_text(content)
    run_folder.check_inputs(str(tmp_path), INPUTS, accept=False)
    assert "is damaged" in capsys.readouterr().err
    assert (tmp_path / "inputs.json.damaged").read_text() == content
    with pytest.raises(UserError):
        run_folder.check_inputs(str(tmp_path), {"shards": 3}, accept=False)
