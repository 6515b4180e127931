"""Checkpoints that were damaged, cut short or left half written."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.io import files as io_files
from electra_tf.training import (
    checkpoint_folder,
    checkpoints,
    distribution,
)
from electra_tf.training.checkpoint_folder import CheckpointFolder

STEPS = (2, 4, 6)


def opened(folder, **options) -> CheckpointFolder:
    """A folder of checkpoints of one variable, which holds the step."""
    value = tf.Variable(tf.zeros([300]), name="value")
    saved = tf.train.Checkpoint(value=value)
    return CheckpointFolder(saved, str(folder), **options)


def save(checkpoints_: CheckpointFolder, step: int):
    value = checkpoints_.saved.value
    value.assign(tf.fill(value.shape, float(step)))
    checkpoints_.save(step)


def restored(folder) -> int | None:
    """The step that is restored, by what the variable then holds."""
    again = opened(folder)
    path = again.restore()
    (step,) = np.unique(again.saved.value.numpy())
    assert path is None or path.endswith(f"-{int(step)}")
    return None if path is None else int(step)


@pytest.fixture
def folder(tmp_path):
    written = opened(tmp_path)
    for step in STEPS:
        save(written, step)
    return tmp_path


def cut(path, size):
    path.write_bytes(path.read_bytes()[:size])


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(bytes(content))


def data_file(folder, step):
    return folder / f"model.ckpt-{step}.data-00000-of-00001"


def index_file(folder, step):
    return folder / f"model.ckpt-{step}.index"


def files(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_newest_is_restored(folder):
    assert restored(folder) == 6
    latest = tf.train.latest_checkpoint(str(folder))
    assert latest == str(folder / "model.ckpt-6")
    assert not (folder / checkpoint_folder.UNFINISHED).exists()


def test_an_empty_folder(tmp_path):
    assert restored(tmp_path) is None
    assert restored(tmp_path / "none") is None


@pytest.mark.parametrize("size", [0, 1, 100, -1])
@pytest.mark.parametrize("file", [data_file, index_file])
def test_a_file_cut_short(folder, file, size, capsys):
    cut(file(folder, 6), size)
    before = files(folder)
    assert restored(folder) == 4
    assert f"{folder}/model.ckpt-6 is damaged" in capsys.readouterr().err
    assert files(folder) == before


@pytest.mark.parametrize("file", [data_file, index_file])
def test_a_flipped_bit(folder, file):
    """Found wherever it matters: what is restored is never wrong."""
    path = file(folder, 6)
    whole, checkpoint = path.read_bytes(), str(folder / "model.ckpt-6")
    places, found = range(0, len(whole), 41), 0
    for place in places:
        flip(path, place)
        found += checkpoint_folder.damage(checkpoint) is not None
        path.write_bytes(whole)
    # The last bytes of an index mean nothing.
    assert found > 0.6 * len(places)
    flip(path, 100)
    assert restored(folder) == 4


def test_a_missing_data_file(folder):
    data_file(folder, 6).unlink()
    assert restored(folder) == 4


def test_without_an_index_there_is_no_checkpoint(folder, capsys):
    index_file(folder, 6).unlink()
    assert restored(folder) == 4
    assert capsys.readouterr().err == ""


def test_two_damaged(folder):
    cut(data_file(folder, 6), 5)
    cut(index_file(folder, 4), 5)
    assert restored(folder) == 2


def test_all_damaged(folder):
    for step in STEPS:
        cut(data_file(folder, step), 5)
    with pytest.raises(ValueError, match="None of the 3 checkpoints in"):
        restored(folder)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"model_checkpoint_path: ", b"\xff\xfe\x00", b'x: "y"'],
)
def test_a_damaged_state_file(folder, content):
    state = folder / checkpoint_folder.STATE_FILE
    state.unlink()
    if content is not None:
        state.write_bytes(content)
    assert restored(folder) == 6
    assert checkpoints.resolve(str(folder)) == str(folder / "model.ckpt-6")


def test_a_state_file_that_lists_what_is_gone(folder):
    for file in (data_file, index_file):
        file(folder, 6).unlink()
    assert restored(folder) == 4
    assert checkpoints.resolve(str(folder)) == str(folder / "model.ckpt-4")


def test_only_the_newest_are_kept(tmp_path):
    written = opened(tmp_path, keep=2)
    for step in STEPS:
        save(written, step)
    assert checkpoint_folder.steps_in(str(tmp_path)) == [4, 6]
    again = opened(tmp_path, keep=2)
    again.restore()
    save(again, 8)
    assert checkpoint_folder.steps_in(str(tmp_path)) == [6, 8]
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert len(state.all_model_checkpoint_paths) == 2


def test_damaged_ones_are_never_deleted(tmp_path):
    written = opened(tmp_path, keep=2)
    for step in STEPS:
        save(written, step)
    cut(data_file(tmp_path, 6), 5)
    again = opened(tmp_path, keep=2)
    again.restore()
    for step in (5, 7, 8, 9):
        save(again, step)
    assert checkpoint_folder.steps_in(str(tmp_path)) == [6, 8, 9]


def test_one_that_is_written_again_is_set_aside(folder):
    cut(data_file(folder, 6), 5)
    again = opened(folder)
    again.restore()
    save(again, 6)
    assert restored(folder) == 6
    aside = folder / f"{data_file(folder, 6).name}.damaged"
    assert aside.stat().st_size == 5


def test_what_a_killed_process_left_is_removed(folder):
    left = folder / checkpoint_folder.UNFINISHED / "model.ckpt-8_temp"
    left.mkdir(parents=True)
    (left / "part-00000-of-00001.data-00000-of-00001").write_bytes(b"x")
    again = opened(folder)
    again.restore()
    save(again, 8)
    assert not left.parent.exists()
    assert restored(folder) == 8


def test_killed_between_the_two_files(folder):
    """Data in place, index not yet; and the state file not yet."""
    again = opened(folder)
    again.restore()
    state = (folder / checkpoint_folder.STATE_FILE).read_bytes()
    save(again, 8)
    (folder / checkpoint_folder.STATE_FILE).write_bytes(state)
    assert restored(folder) == 8
    index_file(folder, 8).unlink()
    assert restored(folder) == 6


def test_a_failed_save_changes_nothing(folder, monkeypatch):
    again = opened(folder)
    again.restore()
    before = files(folder)
    monkeypatch.setattr(
        io_files, "move", lambda *_: (_ for _ in ()).throw(OSError)
    )
    with pytest.raises(OSError):
        save(again, 8)
    assert files(folder) == before


@pytest.mark.parametrize("name", ["a[1]", "a{b}", "a*b", "{:}"])
def test_any_name_of_a_folder(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    written = opened(folder, keep=1)
    for step in STEPS:
        save(written, step)
    assert checkpoint_folder.steps_in(str(folder)) == [6]
    assert restored(folder) == 6
    assert checkpoints.read_variables(str(folder))


def test_the_device_that_sees_the_folder_reads_and_writes(folder, monkeypatch):
    monkeypatch.setattr(distribution, "files_device", lambda _: "/job:nowhere")
    elsewhere = opened(folder)
    with pytest.raises(tf.errors.InvalidArgumentError, match="nowhere"):
        elsewhere.restore()
    with pytest.raises(tf.errors.InvalidArgumentError, match="nowhere"):
        save(elsewhere, 8)
    monkeypatch.undo()
    assert restored(folder) == STEPS[-1]
