"""The TFRecord schema: bytes, names, parsing and errors."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.io import records, serialization
from electra_tf.text import id_strings

IDS = [101, 7592, 300, 102, 0x7F, 0x80, 0x3FFF, 0x4000, 30521, 102]
LENGTH = 16


def serialized(ids, segment0_length, length, padded=True):
    example = id_strings.of(ids), segment0_length
    (record,) = serialization.serialize([example], length, padded)
    return record


def write(path, made):
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in made:
            writer.write(record)
    return str(path)


def as_example(ids, segment0_length, length):
    padding = [0] * (length - len(ids))
    ones = len(ids) - segment0_length
    values = {
        "input_ids": [*ids, *padding],
        "input_mask": [1] * len(ids) + padding,
        "segment_ids": [0] * segment0_length + [1] * ones + padding,
    }
    example = tf.train.Example()
    for name, value in values.items():
        example.features.feature[name].int64_list.value.extend(value)
    return example


@pytest.mark.parametrize("length", [16, 128, 512])
@pytest.mark.parametrize("segment0_length", [4, 10])
def test_bytes_are_those_of_an_example(length, segment0_length):
    rng = np.random.default_rng(0)
    for ids in (IDS, rng.integers(0, 1 << 20, length - 3).tolist()):
        made = serialized(ids, segment0_length, length)
        expected = as_example(ids, segment0_length, length)
        assert tf.train.Example.FromString(made) == expected
        assert len(made) == len(expected.SerializeToString())


def test_too_long_is_refused():
    with pytest.raises(ValueError, match=r"10 tokens.*max_seq_length=8"):
        serialized(IDS, 4, 8)


@pytest.mark.parametrize("batched", [False, True])
def test_parse(batched):
    record = serialized(IDS, 4, LENGTH)
    parsed = records.parse_examples([record] if batched else record, LENGTH)
    assert tuple(parsed) == records.FEATURES
    for name, tensor in parsed.items():
        assert tensor.dtype == tf.int32
        assert tensor.shape == ([1, LENGTH] if batched else [LENGTH])
        expected = as_example(IDS, 4, LENGTH).features.feature[name]
        assert tensor.numpy().ravel().tolist() == expected.int64_list.value


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("segment0_length", [4, 10])
def test_unpadded_records_say_the_same(batched, segment0_length):
    given = IDS, segment0_length, LENGTH
    short, padded = serialized(*given, padded=False), serialized(*given)
    assert len(short) < len(padded)
    found = tf.train.Example.FromString(short).features.feature
    assert list(found["input_ids"].int64_list.value) == IDS
    for name, expected in records.parse_examples(padded, LENGTH).items():
        parsed = records.parse_examples(
            [short, short] if batched else short, LENGTH, padded=False
        )[name]
        assert parsed.dtype == tf.int32
        assert parsed.shape == ([2, LENGTH] if batched else [LENGTH])
        assert (parsed.numpy() == expected.numpy()).all()


def test_unpadded_records_that_are_too_long(tmp_path):
    record = serialized(IDS, 4, LENGTH, padded=False)
    dataset = tf.data.Dataset.from_tensors([record]).map(
        lambda batch: records.parse_examples(batch, 9, padded=False)
    )
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(dataset)
    path = write(tmp_path / "a", [record])
    records.check_shards([path], LENGTH)
    with pytest.raises(records.RecordsError, match=r"of 10 ids.* is 9"):
        records.check_shards([path], 9)
    with pytest.raises(ValueError, match=r"10 tokens.*max_seq_length=8"):
        serialized(IDS, 4, 8, padded=False)


def test_another_sequence_length_is_named(tmp_path):
    path = write(tmp_path / "a", [serialized(IDS, 4, LENGTH)])
    records.check_shards([path], LENGTH)
    with pytest.raises(records.RecordsError) as info:
        records.check_shards([path], 128)
    message = str(info.value)
    assert path in message
    assert "sequence length 16" in message
    assert "max_seq_length=128" in message


def test_ids_of_a_larger_vocabulary_are_named(tmp_path):
    path = write(tmp_path / "a", [serialized(IDS, 4, LENGTH)])
    records.check_shards([path], LENGTH, max(IDS) + 1)
    with pytest.raises(records.RecordsError, match=f"has the id {max(IDS)}"):
        records.check_shards([path], LENGTH, max(IDS))


def test_other_records_are_refused(tmp_path):
    example = tf.train.Example()
    example.features.feature["text"].int64_list.value.append(1)
    path = write(tmp_path / "a", [example.SerializeToString()])
    with pytest.raises(records.RecordsError, match=r"lacks.*input_ids.*text"):
        records.check_shards([path], LENGTH)
    path = write(tmp_path / "b", [b"no example"])
    with pytest.raises(records.RecordsError, match=r"no tf\.train\.Example"):
        records.check_shards([path], LENGTH)
    path = write(tmp_path / "c", [])
    with pytest.raises(records.RecordsError, match="all empty"):
        records.check_shards([path], LENGTH)


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_damaged_files_are_named(tmp_path, damage):
    record = serialized(IDS, 4, LENGTH)
    good = write(tmp_path / "good", [record] * 3)
    bad = tmp_path / "bad"
    content = bytearray((tmp_path / "good").read_bytes())
    if damage == "cut":
        content = content[:-7]
    else:
        content[-20] ^= 1
    bad.write_bytes(content)
    error = records.explain_read_error(
        RuntimeError("corrupted record"), [good, str(bad)], LENGTH
    )
    assert str(bad) in str(error)
    assert "after 2 whole records" in str(error)


def test_a_passing_fault_is_said_to_be_one(tmp_path):
    record = serialized(IDS, 4, LENGTH)
    path = write(tmp_path / "good", [record])
    error = records.explain_read_error(OSError("gone"), [path], LENGTH)
    assert "can be read now: gone" in str(error)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        records.check_shards([str(tmp_path / "nothing")], LENGTH)


def test_import_does_not_load_tensorflow():
    code = "import electra_tf.io.records, sys; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "tensorflow" not in shown.stdout.split()
