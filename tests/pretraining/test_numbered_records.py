"""Records by their numbers, out of whole files and of others."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.pretraining.numbered_records import Begins, NumberedRecords

CONTENTS = [[b"a", b"", b"c" * 300], [], [b"\0d\0"]]
COUNTS = [3, 0, 1]


@pytest.fixture
def paths(tmp_path):
    paths = [str(tmp_path / f"{number}") for number in range(3)]
    for path, contents in zip(paths, CONTENTS, strict=True):
        with tf.io.TFRecordWriter(path) as writer:
            for content in contents:
                writer.write(content)
    return paths


def read(paths, numbers):
    dataset = tf.data.Dataset.from_tensors(np.array(numbers))
    dataset = dataset.map(NumberedRecords(paths, COUNTS))
    assert dataset.element_spec.shape == (len(numbers),)
    return next(dataset.as_numpy_iterator()).tolist()


def test_any_order(paths):
    assert read(paths, [3, 0, 2, 1, 3]) == [
        CONTENTS[2][0],
        *(CONTENTS[0][number] for number in (0, 2, 1)),
        CONTENTS[2][0],
    ]


def test_counts(paths):
    assert [len(Begins(path).up_to()) - 1 for path in paths] == COUNTS


@pytest.mark.parametrize(
    "byte, message",
    [
        (6, "ends after 0 whole"),  # The length of the first.
        (9, "damaged at byte 0"),  # Its checksum.
        (12, "damaged at byte 0"),  # The content.
        (-1, "damaged at byte 33"),
    ],
)
def test_a_damaged_byte(paths, byte, message):
    with open(paths[0], "r+b") as file:
        content = bytearray(file.read())
        content[byte] ^= 0xFF
        file.seek(0)
        file.write(content)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        read(paths, [0, 1, 2])


def test_cut_short_and_gone(paths, tmp_path):
    with open(paths[0], "r+b") as file:
        file.truncate(40)
    with pytest.raises(tf.errors.InvalidArgumentError, match="after 2 whole"):
        read(paths, [0, 2])
    (tmp_path / "0").unlink()
    with pytest.raises(tf.errors.InvalidArgumentError, match="No such file"):
        read(paths, [0])
