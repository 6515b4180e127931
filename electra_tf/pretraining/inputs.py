"""Batches of pre-training records and of texts."""

import contextlib
import functools
import os
import sys
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.io import record_files, records
from electra_tf.pretraining import order
from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.numbered_records import (
    NumberedRecords,
    are_numbered,
)
from electra_tf.text.tokenization import Tokenizer

_READ_ERRORS = (
    tf.errors.DataLossError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
)


def training_dataset(
    config, files: list[str], start_step: int, context=None
) -> tf.data.Dataset:
    """Return endless batches of `Batch`, shuffled anew in every epoch.

    The order is a function of (seed, step), see
    `electra_tf.pretraining.order`; `start_step` global batches are skipped.
    Each input pipeline takes its share of every batch, as its
    `tf.distribute.InputContext` says, and reads no other records where
    records can be read one by one.
    """
    size = config.train_batch_size
    layout = records.layout_of(files)
    numbered = _numbered(config, files, layout, context)
    batches = order.windows(
        files,
        config.seed,
        config.shuffle_buffer_size,
        start=start_step * size,
        compression=layout.compression,
        counts=numbered and numbered.counts,
    ).rebatch(size)
    shares = _shares(batches, size, "train_batch_size", context)
    # Of a dataset that may have an end, every step of several workers asks all
    # of them whether it is there, and its batches have no shape to compile for.
    endless = _parsed(shares, config, layout, numbered).repeat()
    return endless.prefetch(tf.data.AUTOTUNE)


def evaluation_dataset(
    config, files: list[str], context=None
) -> tf.data.Dataset:
    """Return the batches of one pass over the files, in their order."""
    size = config.eval_batch_size
    layout = records.layout_of(files)
    numbered = _numbered(config, files, layout, context)
    if numbered:
        batches = tf.data.Dataset.range(sum(numbered.counts))
    else:
        batches = tf.data.TFRecordDataset(files, layout.compression)
    batches = batches.batch(size, drop_remainder=True)
    shares = _shares(batches, size, "eval_batch_size", context)
    return _parsed(shares, config, layout, numbered)


def _numbered(config, files, layout, context) -> NumberedRecords | None:
    """Return the records if a host is to read its own share of them alone."""
    if context is None or context.num_input_pipelines == 1:
        return None
    if config.distribution_strategy == "tpu":
        reason = "one program feeds all hosts of a TPU"
    elif layout.compression:
        reason = "compressed files can only be read from their beginning"
    elif not are_numbered(files, layout.compression):
        reason = "small pieces of remote files take too long to come"
    else:
        counts = order.record_counts(files, layout.compression)
        return NumberedRecords(files, counts)
    _say_once(f"Every host reads all records, and drops the others': {reason}.")
    return None


@functools.cache
def _say_once(text: str):
    print(text, file=sys.stderr)


def _parsed(shares, config, layout: records.Layout, numbered):
    """Return datasets of `Batch` of serialized records, or their numbers."""

    def parsed(share) -> Batch:
        return Batch(
            **records.parse_examples(
                numbered(share) if numbered else share,
                config.max_seq_length,
                layout.padded,
            )
        )

    return shares.map(
        parsed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
    )


def _shares(batches, batch_size: int, name: str, context) -> tf.data.Dataset:
    """Cut global batches into the shares of this pipeline's replicas."""
    replicas = context.num_replicas_in_sync if context else 1
    pipelines = context.num_input_pipelines if context else 1
    pipeline = context.input_pipeline_id if context else 0
    if batch_size % replicas:
        raise UserError(
            f"{name} must be a multiple of the {replicas} replicas. "
            f"Received: {batch_size}."
        )
    # Replica r has examples r * share to (r + 1) * share, on any machine.
    here = batch_size // pipelines
    return batches.map(
        lambda batch: batch[pipeline * here : (pipeline + 1) * here]
    ).rebatch(batch_size // replicas, drop_remainder=True)


def check_evaluation(config) -> list[str]:
    """Return the shards to evaluate.

    Raises:
        UserError: unless there is a whole batch in them.
    """
    files = evaluation_files(config)
    with read_errors_explained(files, config.max_seq_length):
        if next(iter(evaluation_dataset(config, files)), None) is not None:
            return files
    raise UserError(
        f"eval_batch_size must not be more than there are records to evaluate "
        f"in {os.path.dirname(files[0])}. Received: {config.eval_batch_size}. "
        "Lower it, or hold out more."
    )


def evaluation_files(config) -> list[str]:
    """Return the held-out shards; without any the training ones, and say so."""
    if config.eval_tfrecords:
        found = record_files.find(config.eval_tfrecords)
    else:
        found = record_files.matching(config.held_out_tfrecords)
    if not found:
        print(
            "No records are held out: evaluations are of those that are trained"
            " on. Build with --held_out_share, or give --eval_tfrecords.",
            file=sys.stderr,
        )
        found = record_files.find(config.pretrain_tfrecords)
    return record_files.at_hand(found)


@contextlib.contextmanager
def read_errors_explained(files: list[str], max_seq_length: int):
    """Turn TensorFlow's read errors into ones that name the bad file."""
    try:
        yield
    except _READ_ERRORS as error:
        found = records.explain_read_error(error, files, max_seq_length)
        raise found from error


def batch_of_ids(
    texts: Sequence[Sequence[int]], tokenizer: Tokenizer, length: int
) -> Batch:
    """Return [CLS] text [SEP], cut and padded: int32 `(texts, length)` each."""
    ids = np.full((len(texts), length), tokenizer.pad_id, np.int32)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        tokens = [tokenizer.cls_id, *text[: length - 2], tokenizer.sep_id]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return Batch(*map(tf.constant, (ids, mask, np.zeros_like(ids))))
