"""Builds that are killed, or run out of room, and go on afterwards."""

import contextlib
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from data_prep import build_pretraining_dataset
from data_prep.builds.build_folder import STAGING
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.io import files, manifest
from tests.mounts import mounted

MOST_ATTEMPTS = 3
ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def command(large_corpus_dir, vocab_file):
    """Return the command line of a build of several jobs."""

    def command_of(output, *flags):
        return [
            sys.executable,
            "-m",
            "data_prep.build_pretraining_dataset",
            f"--corpus_dir={large_corpus_dir}",
            f"--vocab_file={vocab_file}",
            f"--output_dir={output}",
            "--max_seq_length=32",
            "--num_out_files=7",
            "--held_out_share=0.1",
            "--num_processes=2",
            *flags,
        ]

    return command_of


@pytest.fixture(scope="module")
def reference(command, tmp_path_factory):
    """Return what a build gives that is not interrupted, and its seconds."""
    output = tmp_path_factory.mktemp("reference") / "out"
    began = time.monotonic()
    assert run(command(output)).returncode == 0
    return contents(output), time.monotonic() - began


def run(command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, **options
    )


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run_and_kill(command, seconds):
    """Run a command; kill it after some time unless it ends before."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until_gone(process.pid)


def wait_until_gone(session):
    """The workers end by themselves when the one that started them is gone."""
    for _ in range(100):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("workers were left behind")


def finished_files(folder):
    """Return name -> (inode, time) of the files of finished jobs."""
    staging = folder / STAGING
    if not staging.exists():
        return {}
    results = [*staging.glob("job-*.json")]
    names = [path.name for path in results if path.suffix == ".json"]
    for path in results:
        content = path.read_text()
        names += [p.name for p in staging.iterdir() if p.name in content]
    stats = {name: os.stat(staging / name) for name in names}
    return {name: (s.st_ino, s.st_mtime_ns) for name, s in stats.items()}


def check_killed_builds(command, reference, output, kills, seed):
    expected, took = reference
    draw = random.Random(seed)
    kept = {}
    for _ in range(kills):
        run_and_kill(command(output), draw.uniform(0.1, 0.9) * took)
        before, kept = kept, finished_files(output)
        if not (output / manifest.FILE_NAME).exists():
            assert before.items() <= kept.items()
    shown = run(command(output))
    assert shown.returncode == 0, shown.stderr
    assert contents(output) == expected


def test_killed_builds_go_on(command, reference, tmp_path):
    check_killed_builds(command, reference, tmp_path / "out", kills=3, seed=0)


@pytest.mark.slow
def test_many_killed_builds_go_on(command, reference, tmp_path):
    for seed in range(1, 9):
        output = tmp_path / str(seed)
        check_killed_builds(command, reference, output, kills=5, seed=seed)


@pytest.mark.slow
def test_killed_while_looking_for_duplicates(command, tmp_path):
    def with_flags(output):
        return command(
            output,
            "--drop_duplicate_documents",
            "--drop_duplicate_lines",
            "--compression=GZIP",
        )

    began = time.monotonic()
    assert run(with_flags(tmp_path / "whole")).returncode == 0
    reference = contents(tmp_path / "whole"), time.monotonic() - began
    for seed in range(4):
        output = tmp_path / str(seed)
        check_killed_builds(with_flags, reference, output, kills=5, seed=seed)


def test_a_worker_is_killed(command, reference, tmp_path):
    """As the system does for want of memory."""
    for number in range(MOST_ATTEMPTS):
        output = tmp_path / f"out{number}"
        status, message = killed_worker(command(output), output)
        if status:
            break  # Else the kill came when all was done.
    assert status == 1
    assert "A worker process was killed" in message
    assert finished_files(output)
    assert run(command(output)).returncode == 0
    assert contents(output) == reference[0]


def killed_worker(command, output) -> tuple[int, str]:
    """Kill one when a job is done; return the status and what was said."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not [*(output / STAGING).glob("job-*.json")]:
        assert process.poll() is None
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker_of(process.pid), signal.SIGKILL)
    _, message = process.communicate()
    return process.returncode, message


def worker_of(pid):
    """Return a process that another one started to work for it."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        pytest.skip("no list of a process's children")
    for child in children.read_text().split():
        if b"spawn_main" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    raise AssertionError("no worker")


def test_nothing_is_done_twice(command, tmp_path):
    """Stopped when some jobs are finished; the others are done, no more."""
    output = tmp_path / "out"
    process = subprocess.Popen(
        command(output, "--num_processes=1"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    while not [*(output / STAGING).glob("job-*.json")]:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = finished_files(output)
    assert kept
    other = run(command(output, "--seed=1", "--nodo_lower_case"))
    assert other.returncode == 1
    assert "a build begun with other settings" in other.stderr
    assert "seed: 0 there, 1 now" in other.stderr
    assert "do_lower_case: True there, False now" in other.stderr
    assert finished_files(output) == kept
    shown = run(command(output))
    assert shown.returncode == 0, shown.stderr
    jobs = len([name for name in kept if name.startswith("job")])
    assert f"{jobs} of " in shown.stdout
    for name, (inode, changed) in kept.items():
        if not name.startswith("job"):
            found = os.stat(output / name)
            assert (found.st_ino, found.st_mtime_ns) == (inode, changed)


def test_text_that_changed_meanwhile_is_refused(tmp_path, vocab_file):
    config, file = small_build(tmp_path, vocab_file)
    with interrupted(manifest, "write"):
        build_pretraining_dataset.main(config)
    os.utime(file, (0, 0))
    with pytest.raises(ValueError, match="last_change_of_text"):
        build_pretraining_dataset.main(config)


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_stopped_while_files_move(tmp_path, vocab_file, moved):
    config, _ = small_build(tmp_path, vocab_file)
    build_pretraining_dataset.main(config)
    output = tmp_path / "out"
    expected = contents(output)
    again = config.replace(output_dir=str(tmp_path / "again"))
    with interrupted(manifest, "write"):
        build_pretraining_dataset.main(again)
    folder = tmp_path / "again"
    shards = sorted(folder.glob("pretrain_data*"))
    assert len(shards) == 3
    for path in shards[moved:]:
        path.rename(folder / STAGING / path.name)
    # Of another process, killed while it wrote the manifest.
    (folder / f"manifest.json.1{files.UNFINISHED}").write_text("{")
    build_pretraining_dataset.main(again)
    assert contents(folder) == expected


def test_a_file_that_lost_its_end_is_made_again(tmp_path, vocab_file):
    config, _ = small_build(tmp_path, vocab_file)
    with interrupted(manifest, "write"):
        build_pretraining_dataset.main(config)
    shard = next((tmp_path / "out").glob("pretrain_data*"))
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-1])
    build_pretraining_dataset.main(config)
    assert shard.read_bytes() == whole


def test_killed_after_the_manifest(tmp_path, vocab_file, capsys):
    config, _ = small_build(tmp_path, vocab_file)
    build_pretraining_dataset.main(config)
    (tmp_path / "out" / STAGING).mkdir()
    build_pretraining_dataset.main(config)
    assert "Nothing to do" in capsys.readouterr().out
    assert not (tmp_path / "out" / STAGING).exists()


def small_build(tmp_path, vocab_file):
    """Return the config of a build of three files, and its only text."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    file = corpus / "a.txt"
    file.write_text("the king was lost\n" * 100)
    config = PretrainingDatasetConfig(
        corpus_dir=str(corpus),
        vocab_file=str(vocab_file),
        output_dir=str(tmp_path / "out"),
        max_seq_length=16,
        num_out_files=3,
    )
    return config, file


@contextlib.contextmanager
def interrupted(module, name):
    """Have a function raise KeyboardInterrupt, as Ctrl-C would there."""

    def stop(*unused):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, stop)
        with pytest.raises(KeyboardInterrupt):
            yield


def test_files_that_may_not_grow(command, tmp_path):
    """A limit on file sizes stands in for a full disk or a quota."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    output = tmp_path / "out"
    shown = run(command(output), preexec_fn=limit)
    assert shown.returncode == os.EX_IOERR
    assert f"No room in {output}: File too large" in shown.stderr
    assert "the same command goes on" in shown.stderr
    assert "Traceback" not in shown.stderr
    assert not output.exists()


def test_a_full_disk_and_then_room(command, reference, tmp_path):
    """Room for some of the jobs; with more the build goes on."""
    expected, _ = reference
    size = sum(len(content) for content in expected.values())
    with mounted(tmp_path / "small", f"size={int(size * 0.7 / 1024)}k"):
        output = tmp_path / "small" / "out"
        one = command(output, "--num_processes=1")
        shown = run(one)
        assert shown.returncode == os.EX_IOERR
        assert f"No room in {output}" in shown.stderr
        assert "Traceback" not in shown.stderr
        kept = finished_files(output)
        assert kept
        assert not [*(output / STAGING).glob(f"*{files.UNFINISHED}")]
        remount = ["mount", "-o", "remount,size=100m", str(tmp_path / "small")]
        subprocess.run(remount, check=True)
        shown = run(one)
        assert shown.returncode == 0, shown.stderr
        assert "Going on" in shown.stdout
        assert contents(output) == expected


def test_a_read_only_disk(command, tmp_path):
    with mounted(tmp_path / "fixed", "ro"):
        output = tmp_path / "fixed" / "out"
        shown = run(command(output))
        assert shown.returncode == 1
        assert f"Cannot write to {output}: Read-only" in shown.stderr
        assert "Traceback" not in shown.stderr
