"""Manifests: round trip, mismatches and damaged files."""

import dataclasses
import json

import pytest

from electra_tf.errors import UserError
from electra_tf.io import manifest

MADE = manifest.Manifest(
    max_seq_length=128,
    vocab_size=512,
    vocab_sha256="ab" * 32,
    do_lower_case=True,
    strip_accents=True,
    settings={"seed": 7},
    counts={"documents": 3},
    training=(
        manifest.Shard("pretrain_data.tfrecord-0-of-2", 4, 10),
        manifest.Shard("pretrain_data.tfrecord-1-of-2", 3, 5),
    ),
    held_out=(manifest.Shard("held_out_data.tfrecord-0-of-1", 2, 7),),
    program_version="0.1.0",
)


def test_round_trip(tmp_path):
    manifest.write(MADE, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
    assert manifest.read(tmp_path) == MADE
    assert (MADE.training_examples, MADE.held_out_examples) == (7, 2)


def test_is_read_and_written_in_stores():
    folder = "memory://manifest"
    with pytest.warns(UserWarning, match=r"no manifest\.json"):
        assert manifest.read(folder) is None
    manifest.write(MADE, folder)
    assert manifest.read(folder) == MADE


def test_a_folder_without_one_is_allowed(tmp_path):
    with pytest.warns(UserWarning, match=r"no manifest\.json"):
        assert manifest.read(tmp_path) is None


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"format": 1, "a": 2}', b"\xff"]
)
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / manifest.FILE_NAME).write_bytes(text)
    with pytest.raises(UserError, match="no manifest of records"):
        manifest.read(tmp_path)


def test_newer_formats_are_refused(tmp_path):
    content = {"format": 99, **dataclasses.asdict(MADE)}
    (tmp_path / manifest.FILE_NAME).write_text(json.dumps(content))
    with pytest.raises(UserError, match="format 99"):
        manifest.read(tmp_path)


def test_settings_that_fit_pass():
    manifest.check(MADE)
    manifest.check(
        MADE, max_seq_length=128, vocab_sha256="ab" * 32, do_lower_case=True
    )


def test_every_mismatch_is_named():
    with pytest.raises(UserError) as info:
        manifest.check(
            MADE,
            max_seq_length=512,
            vocab_size=512,
            vocab_sha256="cd" * 32,
            do_lower_case=False,
            strip_accents=False,
        )
    message = str(info.value)
    assert "max_seq_length: 128 in the records, 512 for the model" in message
    assert f"vocab_sha256: {'ab' * 32} in the records" in message
    assert "do_lower_case: True in the records, False" in message
    assert "strip_accents: True in the records, False" in message
    assert "vocab_size" not in message


def test_files_must_be_whole(tmp_path):
    for shard in (*MADE.training, *MADE.held_out):
        (tmp_path / shard.name).write_bytes(b"x" * shard.bytes)
    manifest.check_files(MADE, tmp_path, [MADE.training[0].name])
    with pytest.raises(UserError, match="-0-of-9: not of this build"):
        manifest.check_files(MADE, tmp_path, ["pretrain_data.tfrecord-0-of-9"])
    (tmp_path / MADE.training[0].name).write_bytes(b"x")
    (tmp_path / MADE.held_out[0].name).unlink()
    with pytest.raises(UserError) as info:
        manifest.check_files(MADE, tmp_path)
    assert "0-of-2: 1 bytes, 10 expected" in str(info.value)
    assert "held_out_data.tfrecord-0-of-1: missing" in str(info.value)
