"""Folders that are full, read-only, taken or of another run."""

import os
import resource
import subprocess

import pytest

import run_pretraining
from electra_tf.training import checkpoint_folder
from tests.faults.program import SMALL, Program, assert_same
from tests.mounts import mounted
from tests.small_run import failure

SETTINGS = {
    "num_train_steps": 8,
    "iterations_per_loop": 2,
    "save_checkpoints_steps": 2,
    "num_eval_steps": 1,
}


def refuse(data_dir, name, **settings) -> str:
    return failure(data_dir, name, **{**SMALL, **SETTINGS, **settings})


@pytest.mark.slow
def test_a_full_disk(data_dir):
    """Room for two checkpoints, not for a third; then there is more."""
    reference = Program(data_dir, "roomy", **SETTINGS)
    reference.finish()
    steps = checkpoint_folder.steps_in(str(reference.folder))
    assert steps == [2, 4, 6, 8]
    data = reference.folder / "model.ckpt-2.data-00000-of-00001"
    room = 2.9 * data.stat().st_size + 60_000
    program = Program(data_dir, "full", **SETTINGS)
    with mounted(program.folder, f"size={int(room / 1024)}k"):
        status, printed = program.run()
        assert status == os.EX_IOERR, printed
        assert f"{program.folder}: No space left on device" in printed
        assert "Traceback" not in printed
        left = checkpoint_folder.steps_in(str(program.folder))
        assert left == steps[: len(left)] and left
        for step in left:
            path = f"{program.folder}/model.ckpt-{step}"
            assert checkpoint_folder.damage(path) is None
        assert not (program.folder / checkpoint_folder.UNFINISHED).exists()
        remount = ["mount", "-o", "remount,size=10m", str(program.folder)]
        subprocess.run(remount, check=True)
        program.finish()
        assert_same(program, reference)


def test_files_that_may_not_grow(data_dir, capsys):
    """A limit on file sizes stands in for a quota; no checkpoint fits."""

    program = Program(data_dir, "limited", objective="mlm", **SETTINGS)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(SystemExit) as exit_status:
            run_pretraining.main(program.command[1:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert exit_status.value.code == os.EX_IOERR
    printed = capsys.readouterr().err
    assert f"{program.folder}: File too large" in printed
    assert checkpoint_folder.steps_in(str(program.folder)) == []
    assert not (program.folder / checkpoint_folder.UNFINISHED).exists()


def test_a_read_only_folder(data_dir):
    folder = data_dir / "models" / "read-only"
    with mounted(folder, "ro"):
        message = refuse(data_dir, "read-only")
        assert f"the run's folder {folder}: Read-only file" in message
        assert "--model_dir" in message


def test_two_programs(data_dir):
    first = Program(data_dir, "taken", **SETTINGS).start()
    lock = first.folder / "lock"
    assert first.wait_until(lambda: lock.exists() and lock.read_text())
    message = refuse(data_dir, "taken")
    first.kill()
    assert f"is in use by process {first.process.pid} on" in message


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"seed": 1}, "seed: 42 in the saved config, 1 now"),
        ({"train_batch_size": 4}, "train_batch_size: 8 in the saved"),
        ({"shuffle_buffer_size": 9}, "shuffle_buffer_size: 50 in the saved"),
    ],
)
def test_a_changed_config(data_dir, changes, message):
    (data_dir / "models" / "changed").mkdir(parents=True, exist_ok=True)
    config = data_dir / "models" / "changed" / "config.json"
    if not config.exists():  # What a start that ended early leaves behind.
        program = Program(data_dir, "changed", **SETTINGS).start()
        program.wait_until(config.exists)
        program.kill()
    assert message in refuse(data_dir, "changed", **changes)


def test_a_damaged_config(data_dir):
    folder = data_dir / "models" / "damaged"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"seed": 4')
    assert f"{folder}/config.json is damaged" in refuse(data_dir, "damaged")
