"""Which files a pattern means, and what tells them from others."""

import os

import pytest

from electra_tf.io import record_files, records
from electra_tf.io.records import RecordsError

FOLDERS = ["plain", "a{b}", "a[1]", "a*b?", "{:}"]


def shards(folder, numbers, of=4):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"data.tfrecord-{number}-of-{of}").write_text("x" * number)
    return f"{folder}/data.tfrecord*"


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_no_pattern(tmp_path, name):
    pattern = shards(tmp_path / name, range(4))
    shards(tmp_path / "a1", range(3))
    found = record_files.find(pattern)
    assert [os.path.dirname(path) for path in found] == [
        str(tmp_path / name)
    ] * 4


def test_a_pattern_of_folders(tmp_path):
    shards(tmp_path / "a1", range(4))
    assert len(record_files.find(f"{tmp_path}/a*/data.tfrecord*")) == 4


def test_a_missing_shard(tmp_path):
    pattern = shards(tmp_path, [0, 1, 3])
    with pytest.raises(RecordsError, match=r"1 shards .* data.tfrecord-2-of-4"):
        record_files.find(pattern)
    # A part of them may be asked for.
    assert len(record_files.find(f"{tmp_path}/data.tfrecord-[01]-of-4")) == 2


def test_numbers_with_zeros(tmp_path):
    for number in (0, 10, 11):
        (tmp_path / f"data-{number:05}-of-00012").touch()
    with pytest.raises(RecordsError, match=r"9 shards .* data-00001-of-00012"):
        record_files.find(f"{tmp_path}/data*")


def test_a_pipe_is_named(tmp_path):
    pattern = shards(tmp_path, [0, 1, 2])
    os.mkfifo(tmp_path / "data.tfrecord-3-of-4")
    with pytest.raises(RecordsError, match="tfrecord-3-of-4 is no file but"):
        record_files.find(pattern)


def test_facts_tell_records_apart(tmp_path):
    paths = record_files.find(shards(tmp_path, range(4)))
    before = record_files.facts(paths)
    assert record_files.facts(paths[:3]) != before
    (tmp_path / "data.tfrecord-1-of-4").write_text("other")
    longer = record_files.facts(paths)
    assert longer["shards"] == 4
    assert longer != before
    (tmp_path / "manifest.json").write_text("{}")
    assert record_files.facts(paths)["manifest_sha256"] is not None


def test_facts_of_several_folders(tmp_path):
    for name in ("a1", "a2"):
        shards(tmp_path / name, range(4))
        (tmp_path / name / "manifest.json").write_text("{}")
    paths = record_files.find(f"{tmp_path}/a*/data.tfrecord*")
    before = record_files.facts(paths)
    (tmp_path / "a2" / "manifest.json").write_text("[]")
    assert record_files.facts(paths) != before
    (tmp_path / "a2" / "manifest.json").unlink()
    assert record_files.facts(paths)["manifest_sha256"] is None


def test_shards_are_found_in_order_of_their_number(tmp_path):
    for k in range(11):
        (tmp_path / records.shard_name(k, 11)).touch()
    (tmp_path / records.shard_name(0, 1, held_out=True)).touch()
    found = record_files.find_shards(tmp_path)
    assert [path.split("-")[-3] for path in found] == [
        str(k) for k in range(11)
    ]
    assert len(record_files.find_shards(tmp_path, held_out=True)) == 1


def test_incomplete_folders_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="build_pretraining_dataset"):
        record_files.find_shards(tmp_path / "nowhere")
    (tmp_path / records.shard_name(0, 3)).touch()
    (tmp_path / records.shard_name(2, 3)).touch()
    with pytest.raises(RecordsError, match=r"1 shards .*-1-of-3\."):
        record_files.find_shards(tmp_path)
    (tmp_path / records.shard_name(0, 5)).touch()
    with pytest.raises(RecordsError, match="n = 3, 5"):
        record_files.find_shards(tmp_path)
