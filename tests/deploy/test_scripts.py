"""The scripts in deploy, run for real where no cluster is needed."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from electra_tf.training import cluster
from tests.commands import ROOT

DEPLOY = ROOT / "deploy"
SCRIPTS = [*DEPLOY.glob("*.sh"), *DEPLOY.glob("*.sbatch")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_lint(script):
    """Each is a program, and ShellCheck finds nothing."""
    assert script.suffix == ".sbatch" or os.access(script, os.X_OK)
    shellcheck = pathlib.Path(sys.executable).with_name("shellcheck")
    subprocess.run([shellcheck, script], check=True)


@pytest.mark.parametrize("arguments", [["0"], []])
def test_usage(arguments):
    """Too few arguments are refused with the ones expected."""
    for name in ("tf_config.sh", "dataflow.sh", "beam_cluster.sh", "tpu_vm.sh"):
        done = subprocess.run(
            [DEPLOY / name, *arguments], capture_output=True, text=True
        )
        assert done.returncode == 2
        assert "usage:" in done.stderr


def test_tf_config(monkeypatch):
    """What is printed names the place that the programs then read."""
    for index in range(3):
        printed = subprocess.run(
            [DEPLOY / "tf_config.sh", str(index), "a", "b.c", "10.0.0.3"],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PORT": "4711"},
        ).stdout
        assert '"b.c:4711"' in printed
        monkeypatch.setenv(cluster.VARIABLE, printed)
        cluster.check(cluster.STRATEGY)
        place = cluster.place()
        assert place == ("worker", index, 3, index == 0, index)


def _slurm(
    tmp_path: pathlib.Path, statuses: tuple[int, int], before: int
) -> subprocess.CompletedProcess:
    """Run the batch script with a Slurm of two machines that is played."""
    programs = {
        "scontrol": 'if [[ $1 == show ]]; then printf "n1\\nn2\\n"; else '
        "echo scontrol $*; fi",
        "srun": "for SLURM_PROCID in 0 1; do export SLURM_PROCID; "
        '"$@"; now=$?; ((now > most)) && most=$now; done; exit ${most:-0}',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    ends = "exit $((SLURM_PROCID == 0 ? {} : {}))".format(*statuses)
    python.write_text(f'#!/bin/bash\necho "$TF_CONFIG $*"\n{ends}\n')
    for path in (python, *(tmp_path / name for name in programs)):
        path.chmod(0o755)
    (tmp_path / "deploy").symlink_to(DEPLOY)
    return subprocess.run(
        ["bash", "deploy/slurm.sbatch"],
        cwd=tmp_path,
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SLURM_JOB_NODELIST": "n[1-2]",
            "SLURM_JOB_ID": "7",
            "SLURM_RESTART_COUNT": str(before),
        },
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("statuses", "before", "again"),
    [
        ((0, 0), 0, 0),
        ((75, 75), 98, 1),
        ((75, 75), 99, 0),
        ((137, 69), 0, 1),
        ((69, 69), 0, 1),
        ((69, 70), 0, 0),
        ((1, 1), 0, 0),
    ],
)
def test_slurm(tmp_path, statuses, before, again):
    """Each machine has its place; what can go on is queued again."""
    done = _slurm(tmp_path, statuses, before)
    assert done.returncode == max(statuses), done.stderr
    places = re.findall(r'"worker", "index": (\d)}} run_pre', done.stdout)
    assert places == ["0", "1"]
    assert done.stdout.count('["n1:2222", "n2:2222"]') == 2
    assert done.stdout.count("scontrol requeue 7") == again


def _restart(tmp_path, body: str, **environment) -> subprocess.Popen:
    """Start a command that counts its runs in the file `runs`."""
    command = tmp_path / "command"
    command.write_text(f"#!/bin/bash\necho run >>runs\n{body}\n")
    command.chmod(0o755)
    return subprocess.Popen(
        [DEPLOY / "restart.sh", command],
        cwd=tmp_path,
        env={**os.environ, "PAUSE": "0", **environment},
    )


@pytest.mark.parametrize(
    ("body", "runs", "status"),
    [
        ("(($(wc -l <runs) < 3)) && exit 75; exit 0", 3, 0),
        ("(($(wc -l <runs) < 2)) && exit 69; exit 1", 2, 1),
        ("(($(wc -l <runs) < 2)) && kill -9 $$; exit 0", 2, 0),
        ("exit 70", 1, 70),
        ("exit 75", 4, 75),
    ],
)
def test_restart(tmp_path, body, runs, status):
    """Again after 69, 75 and a kill, so many times; not after a mistake."""
    restart = _restart(tmp_path, body, MOST_RUNS="4")
    assert restart.wait(timeout=60) == status
    assert len((tmp_path / "runs").read_text().splitlines()) == runs


@pytest.mark.parametrize("pause", ["0", "600"])
def test_restart_stopped(tmp_path, pause):
    """SIGTERM reaches the command, which may save, and there is no other."""
    body = "trap 'sleep 1; echo saved >>runs; exit 75' TERM\nsleep 60 & wait"
    if pause == "600":  # The signal comes between two runs.
        body = "exit 75"
    restart = _restart(tmp_path, body, PAUSE=pause)
    runs = tmp_path / "runs"
    while not runs.exists():
        time.sleep(0.05)
    time.sleep(0.5)
    restart.send_signal(signal.SIGTERM)
    assert restart.wait(timeout=60) == 75
    expected = ["run", "saved"] if pause == "0" else ["run"]
    assert runs.read_text().split() == expected
