"""The order of training records, in which any place is found by arithmetic.

Epoch e takes the files in an order that (seed, e) decides, `CYCLE_LENGTH` of
them at a time, a record of each in turn. What comes out is cut into windows,
and window w is shuffled by (seed, e, w). So a run that goes on at record ten
million counts epochs, files and windows instead of reading them: it skips
unparsed records of the files it is in the midst of, and no others.
"""

import bisect
import os

import numpy as np
import tensorflow as tf

from electra_tf.io import files, manifest
from electra_tf.pretraining.numbered_records import Begins, are_numbered

# Files read at a time; their records are interleaved.
CYCLE_LENGTH = 8
# Records counted at a time, where no manifest knows their number.
_COUNTED_AT_ONCE = 4096

_IN_PARALLEL = {"num_parallel_calls": tf.data.AUTOTUNE, "deterministic": True}


def windows(
    files: list[str],
    seed: int,
    size: int,
    start: int = 0,
    compression: str = "",
    counts: list[int] | None = None,
) -> tf.data.Dataset:
    """Return the records of endless epochs, in shuffled windows.

    A window has `size` records, but the first one and the last one of an epoch
    may have fewer; a few are held in memory. `start` records are left out at
    the beginning. `compression` is what `tf.data` calls it.

    With the files' `counts` of records nothing is read: what comes are int64
    numbers in place of records, counted through all files.
    """

    def opened(index, skip):
        if counts is None:
            return tf.data.TFRecordDataset(paths[index], compression).skip(skip)
        return tf.data.Dataset.range(begins[index] + skip, begins[index + 1])

    # To count takes no time that another thread could save.
    parallel = {} if counts else _IN_PARALLEL

    def interleaved(indices, skips):
        """Return what is in files in their order, without the first `skips`."""
        chosen = tf.data.Dataset.from_tensor_slices((indices, skips))
        return chosen.batch(CYCLE_LENGTH).flat_map(
            lambda *group: tf.data.Dataset.from_tensor_slices(group).interleave(
                opened, cycle_length=CYCLE_LENGTH, **parallel
            )
        )

    def shuffled(stream, epoch, first=0, inside=0):
        """Cut an epoch's stream into windows, of which `first` is next."""

        def shuffle(number, records):
            window_seed = tf.random.experimental.stateless_fold_in(
                _epoch_seed(seed, epoch), number
            )
            seen = tf.where(number == first, inside, 0)
            return _shuffle(records, window_seed)[seen:]

        # Prefetched, for a window takes as long as many steps to read.
        cut = stream.batch(size).enumerate(start=first)
        return cut.map(shuffle).prefetch(1)

    def whole(epoch):
        order = _shuffle(tf.range(len(files)), _epoch_seed(seed, epoch))
        return shuffled(
            interleaved(order, tf.zeros([len(files)], tf.int64)), epoch
        )

    paths = tf.constant(files)
    begins = counts and tf.cumsum(tf.constant([0, *counts], tf.int64))
    if not start:
        return tf.data.Dataset.counter().flat_map(whole)
    known = counts or record_counts(files, compression)
    epoch, place = divmod(start, sum(known))
    window, inside = divmod(place, size)
    order = _shuffle(tf.range(len(files)), _epoch_seed(seed, epoch)).numpy()
    left, skips, more = _place(window * size, np.array(known, np.int64)[order])
    stream = interleaved(order[left:], skips).skip(more)
    rest = tf.data.Dataset.counter(epoch + 1).flat_map(whole)
    return shuffled(stream, epoch, window, inside).concatenate(rest)


def _epoch_seed(seed: int, epoch):
    return tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)])


def _shuffle(values, seed):
    # On the CPU and by a named algorithm, to be the same on every machine.
    with tf.device("/cpu:0"):
        return tf.random.experimental.stateless_shuffle(
            values, seed, alg="philox"
        )


def _place(place: int, counts: np.ndarray):
    """Find a place in the epoch: files, records to skip of each, and after."""
    begin = 0
    while place >= (group := counts[begin : begin + CYCLE_LENGTH]).sum():
        place -= group.sum()
        begin += CYCLE_LENGTH
    rounds = _whole_rounds(group, place)
    skips = np.zeros(len(counts) - begin, np.int64)
    skips[:CYCLE_LENGTH] = np.minimum(group, rounds)
    return begin, skips, place - skips.sum()


def _whole_rounds(counts, number: int) -> int:
    """Count how often every file can give a record before `number` is exceeded.

    >>> _whole_rounds(np.array([1, 5, 5]), 7)  # 3 in round one, then 2 and 2
    3
    """

    def given(rounds: int) -> int:
        return np.minimum(counts, rounds).sum()

    rounds = range(int(counts.max()) + 1)
    return bisect.bisect_right(rounds, number, key=given) - 1


def record_counts(paths: list[str], compression: str = "") -> list[int]:
    """Return the number of records of each file, by the manifest if it fits."""
    known = {}
    for folder in {os.path.dirname(path) for path in paths}:
        built = manifest.read(folder)
        for shard in (*built.training, *built.held_out) if built else ():
            known[os.path.join(folder, shard.name)] = shard
    return [
        known[path].examples
        if path in known and files.size(path) == known[path].bytes
        else _count(path, compression)
        for path in paths
    ]


def _count(path: str, compression: str) -> int:
    if are_numbered([path], compression):
        return len(Begins(path).up_to()) - 1
    batches = tf.data.TFRecordDataset(path, compression).batch(_COUNTED_AT_ONCE)
    zero = tf.constant(0, tf.int64)
    return int(
        batches.reduce(zero, lambda n, batch: n + tf.shape(batch, tf.int64)[0])
    )
