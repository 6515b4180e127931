"""Batches of pre-training records, in an order that the seed decides."""

import contextlib
import os

import tensorflow as tf

from electra_tf import records
from electra_tf.pretraining.masking import Batch

# Files read at a time; their records are interleaved.
CYCLE_LENGTH = 8


def training_dataset(
    config, files: list[str], start_step: int, context=None
) -> tf.data.Dataset:
    """Return endless batches of `Batch`, shuffled anew in every epoch.

    The order is a function of (seed, epoch), so a run that is resumed at a
    step skips what was seen before, without parsing it.

    Args:
        config: `PretrainingConfig`.
        files: paths of the shards.
        start_step: int, how many global batches to skip.
        context: `tf.distribute.InputContext`; each input pipeline takes its
            share of the records and of the batch.
    """
    pipelines = context.num_input_pipelines if context else 1
    replicas = context.num_replicas_in_sync if context else 1
    serialized = tf.data.Dataset.counter().flat_map(
        lambda epoch: _epoch(config, files, epoch)
    )
    if pipelines > 1:
        serialized = serialized.shard(pipelines, context.input_pipeline_id)
    per_pipeline = replicas // pipelines
    share = _share(config.train_batch_size, replicas, "train_batch_size")
    return (
        serialized.batch(share, drop_remainder=True)
        .skip(start_step * per_pipeline)
        .map(
            lambda batch: parse(batch, config.max_seq_length),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .prefetch(tf.data.AUTOTUNE)
    )


def _epoch(config, files: list[str], epoch) -> tf.data.Dataset:
    """The serialized records once, shuffled by file and by record."""
    seed = tf.stack([tf.constant(config.seed, tf.int64), epoch])
    order = tf.random.experimental.stateless_shuffle(files, seed=seed)
    return (
        tf.data.Dataset.from_tensor_slices(order)
        .interleave(
            tf.data.TFRecordDataset,
            cycle_length=min(CYCLE_LENGTH, len(files)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .shuffle(
            config.shuffle_buffer_size,
            seed=config.seed + epoch,
            reshuffle_each_iteration=False,
        )
    )


def evaluation_dataset(
    config, files: list[str], context=None
) -> tf.data.Dataset:
    """Return the batches of one pass over the files, in their order."""
    replicas = context.num_replicas_in_sync if context else 1
    share = _share(config.eval_batch_size, replicas, "eval_batch_size")
    dataset = tf.data.TFRecordDataset(files)
    if context and context.num_input_pipelines > 1:
        dataset = dataset.shard(
            context.num_input_pipelines, context.input_pipeline_id
        )
    return dataset.batch(share, drop_remainder=True).map(
        lambda batch: parse(batch, config.max_seq_length)
    )


def parse(serialized, max_seq_length: int) -> Batch:
    """Serialized records, string `(B,)`, to `Batch`."""
    parsed = records.parse_examples(serialized, max_seq_length)
    return Batch(**parsed)


def _share(batch_size: int, replicas: int, name: str) -> int:
    """A replica's share of a global batch."""
    if batch_size % replicas:
        raise ValueError(
            f"{name} must be a multiple of the {replicas} replicas. "
            f"Received: {batch_size}."
        )
    return batch_size // replicas


def matching_files(pattern: str) -> list[str]:
    """Return the shards that a pattern matches, sorted.

    Raises:
        FileNotFoundError: when there are none.
    """
    files = sorted(tf.io.gfile.glob(pattern))
    if not files:
        raise FileNotFoundError(
            f"No records at {pattern}. Build them with python -m "
            "data_prep.build_pretraining_dataset --output_dir "
            f"{os.path.dirname(pattern)}, or give --pretrain_tfrecords."
        )
    return files


def evaluation_files(config) -> list[str]:
    """Return the held-out shards, or the training ones without any."""
    if config.eval_tfrecords:
        return matching_files(config.eval_tfrecords)
    held_out = sorted(tf.io.gfile.glob(config.held_out_tfrecords))
    return held_out or matching_files(config.pretrain_tfrecords)


@contextlib.contextmanager
def read_errors_explained(files: list[str], max_seq_length: int):
    """Turn TensorFlow's read errors into ones that name the bad file."""
    try:
        yield
    except (tf.errors.DataLossError, tf.errors.InvalidArgumentError) as error:
        raise records.explain_read_error(
            error, files, max_seq_length
        ) from error
