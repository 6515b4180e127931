"""Writing records without TensorFlow, and reading them with it."""

import random

import google_crc32c
import numpy as np
import pytest
import tensorflow as tf

from data_prep.examples import shards
from data_prep.examples.example_builder import Example
from electra_tf.io import records, serialization
from electra_tf.text import id_strings


def test_frames_are_those_of_tensorflow(tmp_path):
    draw = random.Random(0)
    made = [draw.randbytes(draw.randint(4, 300)) for _ in range(200)]
    path = str(tmp_path / "records")
    with tf.io.TFRecordWriter(path) as writer:
        for record in made:
            writer.write(record)
    framed = serialization.frame(made)
    assert framed == (tmp_path / "records").read_bytes()
    assert serialization.frame([]) == b""


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("compression", [None, "GZIP"])
def test_examples_go_round(tmp_path, monkeypatch, compression, padded):
    monkeypatch.setattr(shards, "RECORDS_PER_WRITE", 2)
    names = shards.names_of_job(0, 1, 3)
    writer = shards.ShardWriter(tmp_path, names, 8, padded, compression)
    with writer:
        for number in range(10):
            writer.write(Example(id_strings.of([1, number, 2]), 3))
        assert not (tmp_path / names[0]).exists()
    assert [shard.examples for shard in writer.shards()] == [4, 3, 3]
    for k, shard in enumerate(writer.shards()):
        path = tmp_path / shard.name
        assert path.stat().st_size == shard.bytes
        content = path.read_bytes()
        assert shard.crc32c == f"{google_crc32c.value(content):08x}"
        assert records.layout_of([path]) == (compression or "", padded)
        numbers = [
            int(records.parse_examples(record, 8, padded)["input_ids"][1])
            for record in records.read_records(path)
        ]
        assert numbers == list(np.arange(k, 10, 3))


def test_nothing_is_left_after_an_error(tmp_path):
    names = shards.names_of_job(0, 1, 2)
    with (
        pytest.raises(RuntimeError),
        shards.ShardWriter(tmp_path, names, 8) as writer,
    ):
        writer.write(b"an example")
        raise RuntimeError
    assert not list(tmp_path.iterdir())
