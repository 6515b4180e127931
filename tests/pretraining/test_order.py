"""Any place in the order must be found again, whatever the files' sizes."""

import os

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.io import manifest
from electra_tf.pretraining import order

SIZES = [3, 0, 7, 1, 4, 4, 9, 2, 5, 1, 6, 8, 2, 3, 1, 4, 10, 5, 2]
NUMBER = sum(SIZES)
WINDOW = 6


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of many sizes; record i is the number i."""
    folder = tmp_path_factory.mktemp("records")
    paths, record = [], 0
    for number, size in enumerate(SIZES):
        paths.append(str(folder / f"{number}.tfrecord"))
        with tf.io.TFRecordWriter(paths[-1]) as writer:
            for _ in range(size):
                writer.write(str(record).encode())
                record += 1
    return paths


def taken(files, number, start=0, seed=1, window=WINDOW) -> list[int]:
    dataset = order.windows(files, seed, window, start)
    records = dataset.unbatch().take(number).as_numpy_iterator()
    return [int(record) for record in records]


@pytest.mark.filterwarnings("ignore:.*manifest")
@pytest.mark.parametrize(
    "window, starts",
    [(1, [33]), (WINDOW, [4, 37, 70, NUMBER - 1, NUMBER, 131]), (99, [100])],
)
def test_any_start_gives_the_rest(files, window, starts):
    whole = taken(files, 2 * NUMBER + 10, window=window)
    for start in starts:
        rest = taken(files, 10, start, window=window)
        assert rest == whole[start : start + 10], start


@pytest.mark.filterwarnings("ignore:.*manifest")
@pytest.mark.parametrize("start", [0, 37])
def test_numbers_come_in_the_order_of_their_records(files, start):
    """Records are the numbers that they have; nothing is read for these."""
    dataset = order.windows(["none"] * len(SIZES), 1, WINDOW, start, "", SIZES)
    numbers = dataset.unbatch().take(NUMBER).as_numpy_iterator()
    assert list(map(int, numbers)) == taken(files, NUMBER, start)


def test_an_epoch_has_every_record_once(files):
    epochs = np.reshape(taken(files, 2 * NUMBER), (2, NUMBER))
    for epoch in epochs:
        assert sorted(epoch) == list(range(NUMBER))
    assert (epochs[0] != epochs[1]).any()


def test_the_seed_decides(files):
    assert taken(files, NUMBER, seed=1) != taken(files, NUMBER, seed=2)


def test_the_order_stays_the_same(files):
    """Runs that were begun with one version go on with the next."""
    assert taken(files, 12) == [52, 15, 50, 28, 42, 55, 19, 43, 35, 16, 51, 29]


@pytest.mark.filterwarnings("ignore:.*manifest")
def test_finished_files_and_those_to_come_are_not_read(tmp_path):
    """A start in the last files works though the others are gone."""
    paths = [str(tmp_path / f"{i}.tfrecord") for i in range(24)]
    for number, path in enumerate(paths):
        with tf.io.TFRecordWriter(path) as writer:
            for record in range(4):
                writer.write(str(4 * number + record).encode())
    whole = taken(paths, 96)
    shards = tuple(
        manifest.Shard(os.path.basename(p), 4, os.path.getsize(p))
        for p in paths
    )
    manifest.write(
        manifest.Manifest(16, 9, "", True, True, {}, {}, shards, (), "1"),
        str(tmp_path),
    )
    wanted = {record // 4 for record in whole[66:]}
    for number, path in enumerate(paths):
        if number not in wanted:  # Of the right size, so it is not counted.
            with open(path, "r+b") as file:
                file.write(b"x" * os.path.getsize(path))
    assert len(wanted) == order.CYCLE_LENGTH
    assert taken(paths, 96 - 66, 66) == whole[66:]


@pytest.mark.filterwarnings("ignore:.*manifest")
def test_counts_without_a_manifest(files):
    assert order.record_counts(files) == SIZES
