import json
import pathlib
import subprocess
import sys

from electra_tf.training import run_record


def records(folder) -> list[dict]:
    lines = (folder / run_record.FILE_NAME).read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_one_line_a_start(tmp_path):
    folder = tmp_path / "run"
    run_record.append(str(folder), step=0, seed=42)
    run_record.append(str(folder), step=10, seed=42)
    first, second = records(folder)
    assert (first["step"], second["step"]) == (0, 10)
    assert first["seed"] == 42
    assert first["command"] == sys.argv
    assert first["started"] <= second["started"]
    assert any("CPU" in name for name in first["devices"])


def test_versions():
    versions = run_record.versions()
    assert versions["tensorflow"].startswith("2.")
    assert versions["keras"].startswith("3.")
    assert None not in versions.values()


def test_source_without_git(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert run_record.source(pathlib.Path(run_record.__file__).parent) is None


def test_source_of_another_project(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert run_record.source(tmp_path) is None


def test_hash(tmp_path):
    path = tmp_path / "manifest.json"
    assert run_record.sha256(str(path)) is None
    path.write_bytes(b"abc")
    assert run_record.sha256(str(path)).startswith("ba7816bf8f01cfea")
