import random
import struct

import pytest
import tensorflow as tf

from electra_tf.io.serialization import masked_crc32c


@pytest.mark.parametrize("size", [0, 1, 4, 1000])
def test_they_are_tensorflow_s(tmp_path, size):
    content = random.Random(size).randbytes(size)
    path = tmp_path / "record"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(content)
    written = path.read_bytes()[-4:]
    assert struct.pack("<I", masked_crc32c(content)) == written
