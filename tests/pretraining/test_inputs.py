import os

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.io import files as io_files
from electra_tf.io import record_files, records, serialization
from electra_tf.pretraining import inputs
from electra_tf.text import id_strings
from tests import tiny

LENGTH = 16
NUMBER = 40


@pytest.fixture
def files(tmp_path):
    """Four shards of ten examples; example i holds the token 5 + i."""
    paths = []
    for shard in range(4):
        path = str(tmp_path / records.shard_name(shard, 4))
        with tf.io.TFRecordWriter(path) as writer:
            for row in range(10):
                ids = id_strings.of([2, 5 + shard * 10 + row, 3])
                writer.write(*serialization.serialize([(ids, 3)], LENGTH))
        paths.append(path)
    return paths


def config(**changes):
    return tiny.pretraining(max_seq_length=LENGTH, **changes)


def tokens(dataset, batches):
    taken = list(dataset.take(batches))
    return [batch.input_ids.numpy()[:, 1].tolist() for batch in taken]


def test_the_shape_of_a_share_is_known_and_it_has_no_end(files):
    """XLA cannot compile for less, where several workers share a batch."""
    for context in (None, tf.distribute.InputContext(2, 1, 2)):
        dataset = inputs.training_dataset(config(), files, 0, context)
        share = 2 if context else 4
        assert dataset.element_spec.input_ids.shape == (share, LENGTH)
        assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


def test_parses_into_batches(files):
    batch = next(iter(inputs.training_dataset(config(), files, 0)))
    assert batch.input_ids.shape == (4, LENGTH)
    assert batch.input_ids.dtype == tf.int32
    np.testing.assert_array_equal(np.sum(batch.input_mask, axis=1), 3)


# One with both, one with neither; the others are half of each.
@pytest.mark.parametrize(
    ("padded", "compression"),
    [
        (True, ""),
        (False, "GZIP"),
        pytest.param(True, "GZIP", marks=pytest.mark.slow),
        pytest.param(False, "", marks=pytest.mark.slow),
    ],
)
def test_layouts_give_the_same_batches(files, tmp_path, compression, padded):
    """From the start and from the middle of an epoch."""
    others = []
    for path in files:
        others.append(f"{path}.other")
        with tf.io.TFRecordWriter(others[-1], compression) as writer:
            for record in records.read_records(path):
                ids = records.parse_examples(record, LENGTH)["input_ids"]
                example = id_strings.of(ids[:3]), 3
                writer.write(
                    *serialization.serialize([example], LENGTH, padded)
                )
    assert records.layout_of(others) == (compression, padded)
    for start in (0, 3):
        given, read = (
            list(inputs.training_dataset(config(), names, start).take(9))
            for names in (files, others)
        )
        for one, other in zip(given, read, strict=True):
            np.testing.assert_array_equal(one.input_mask, other.input_mask)
            np.testing.assert_array_equal(one.segment_ids, other.segment_ids)
            np.testing.assert_array_equal(one.input_ids, other.input_ids)
    dataset = inputs.evaluation_dataset(config(eval_batch_size=8), others)
    evaluated = list(dataset)
    assert sum(len(batch.input_ids) for batch in evaluated) == NUMBER


def test_every_epoch_holds_every_example_in_another_order(files):
    seen = tokens(inputs.training_dataset(config(), files, 0), 20)
    epochs = np.reshape(seen, (2, NUMBER))
    for epoch in epochs:
        assert sorted(epoch) == list(range(5, 5 + NUMBER))
    assert (epochs[0] != epochs[1]).any()


def test_order_is_a_function_of_the_seed(files):
    first, again, other = (
        tokens(inputs.training_dataset(config(seed=seed), files, 0), 12)
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("start", [3, 13])
def test_resuming_skips_what_was_seen(files, start):
    whole = tokens(inputs.training_dataset(config(), files, 0), 20)
    rest = inputs.training_dataset(config(), files, start)
    assert tokens(rest, 20 - start) == whole[start:]


def test_reads_copies_of_what_is_in_a_store(files):
    for path in files:
        name = path.rsplit("/", 1)[1]
        io_files.write(f"memory://records/{name}", io_files.read(path))
    found = record_files.find("memory://records/pretrain_data.tfrecord*")
    assert len(found) == len(files)
    here = record_files.at_hand(found)
    assert record_files.at_hand(found) == here
    batches = tokens(inputs.training_dataset(config(), here, 3), 2)
    assert batches == tokens(inputs.training_dataset(config(), files, 3), 2)


def test_replicas_share_a_batch(files):
    context = tf.distribute.InputContext(1, 0, 2)
    dataset = inputs.training_dataset(config(), files, 5, context)
    whole = inputs.training_dataset(config(), files, 5)
    shares = tokens(dataset, 4)
    assert [len(share) for share in shares] == [2] * 4
    assert np.ravel(shares).tolist() == np.ravel(tokens(whole, 2)).tolist()


@pytest.mark.parametrize("kind", ["training", "evaluation"])
@pytest.mark.parametrize(
    "pipelines, replicas",
    # Four machines share as two do.
    [(2, 2), (2, 4), pytest.param(4, 4, marks=pytest.mark.slow)],
)
def test_machines_share_a_batch(files, kind, pipelines, replicas):
    def dataset(context=None):
        if kind == "training":
            return inputs.training_dataset(config(), files, 5, context)
        settings = config(eval_batch_size=8)
        return inputs.evaluation_dataset(settings, files, context)

    per_machine = [
        tokens(
            dataset(tf.distribute.InputContext(pipelines, here, replicas)),
            3 * replicas // pipelines,
        )
        for here in range(pipelines)
    ]
    # [machine, step, examples] to the order of the replicas.
    steps = np.reshape(per_machine, (pipelines, 3, -1)).swapaxes(0, 1)
    assert np.ravel(steps).tolist() == np.ravel(tokens(dataset(), 3)).tolist()


def bytes_read() -> int:
    """What this process has read so far, of files or their cached pages."""
    with open("/proc/self/io") as file:
        return int(file.readline().split()[1])


@pytest.mark.skipif(not os.path.exists("/proc/self/io"), reason="Linux alone")
@pytest.mark.parametrize("kind", ["training", "evaluation"])
@pytest.mark.parametrize("pipelines", [2, 4])
def test_a_machine_reads_its_share(tmp_path, kind, pipelines):
    """Besides a first record, found through a buffer of TensorFlow's."""
    number, length, size = 480, 512, 48
    paths = [str(tmp_path / records.shard_name(s, 2)) for s in range(2)]
    ids = id_strings.of([2, *range(5, 5 + length - 2), 3])
    for path in paths:
        with tf.io.TFRecordWriter(path) as writer:
            for _ in range(number // 2):
                writer.write(*serialization.serialize([(ids, length)], length))
    settings = tiny.pretraining(
        max_seq_length=length,
        train_batch_size=size,
        eval_batch_size=size,
        model_hparam_overrides={"max_position_embeddings": length},
    )
    records.layout_of(paths)
    context = tf.distribute.InputContext(pipelines, 1, pipelines)

    def share() -> float:
        before = bytes_read()
        records.layout_of(paths)
        first = bytes_read() - before
        before = bytes_read()
        if kind == "training":
            dataset = inputs.training_dataset(settings, paths, 0, context)
        else:
            dataset = inputs.evaluation_dataset(settings, paths, context)
        dataset = records.without_autotuning(dataset.take(number // size))
        read = sum(len(batch.input_ids) for batch in dataset)
        assert read == number // pipelines
        whole = sum(map(os.path.getsize, paths))
        return (bytes_read() - before - first) / whole

    # Other threads of this process may read now and then, too.
    least = min(share() for _ in range(2))
    assert least == pytest.approx(1 / pipelines, abs=0.1)


@pytest.mark.filterwarnings("ignore:.*manifest")
def test_every_machine_says_why_it_reads_all(files, tmp_path, capsys):
    path = f"{tmp_path}/other"
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for record in records.read_records(files[0]):
            writer.write(record)
    context = tf.distribute.InputContext(2, 0, 2)
    for _ in range(2):
        inputs.training_dataset(config(), [path], 0, context)
    tpu = config(distribution_strategy="tpu")
    inputs.training_dataset(tpu, files, 0, context)
    printed = capsys.readouterr().err
    assert printed.count("Every host reads all records") == 2
    assert "compressed" in printed
    assert "TPU" in printed


def test_evaluation_is_one_pass_in_order(files):
    dataset = inputs.evaluation_dataset(config(eval_batch_size=8), files)
    assert np.ravel(tokens(dataset, -1)).tolist() == list(range(5, 45))


def test_batches_that_replicas_cannot_share(files):
    context = tf.distribute.InputContext(1, 0, 3)
    with pytest.raises(ValueError, match="multiple of the 3 replicas"):
        inputs.training_dataset(config(), files, 0, context)


def test_held_out_shards_are_preferred(files, tmp_path):
    settings = {"pretrain_tfrecords": f"{tmp_path}/pretrain_data.tfrecord*"}
    assert inputs.evaluation_files(config(**settings)) == files
    held_out = tmp_path / records.shard_name(0, 1, held_out=True)
    held_out.write_bytes(b"")
    assert inputs.evaluation_files(config(**settings)) == [str(held_out)]
