"""Text sets of TensorFlow Datasets, such as wiki40b/en or c4.

TensorFlow is imported only when such a set is asked for. If it is not on the
disk, TFDS downloads and prepares it first.
"""

import re
from collections.abc import Iterator

from data_prep.dataset_config import CorpusConfig
from data_prep.sources.lines import decode_line
from data_prep.sources.unit import Reading, SourceFile, Unit, shares
from electra_tf.errors import UserError

FORMAT = "tfds"

# The marks that wiki40b has in its text, each of which ends a line.
_WIKI40B = re.compile(r"\n?_START_(?:ARTICLE|SECTION|PARAGRAPH)_\n|_NEWLINE_")


def find(config: CorpusConfig) -> SourceFile:
    """Return a split of a set as one file; UserError if it has no text."""
    builder = _builder(config)
    split = _split(builder, config)
    _check_feature(builder, config)
    name = f"tfds:{builder.info.full_name}:{config.tfds_split}"
    return SourceFile(FORMAT, name, name, max(1, split.num_bytes))


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return units of examples, positions being their numbers."""
    number = _split(_builder(config), config).num_examples
    return shares(file, number, target)


def documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    import tensorflow_datasets as tfds

    config = reading.config
    examples = _builder(config).as_dataset(
        split=f"{config.tfds_split}[{unit.start}:{unit.end}]",
        shuffle_files=False,
        # One file after the other: the order is always the same.
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
    )
    for number, value in _values(examples, config.text_field, unit):
        place = f"{unit.path}, example {number}"
        if reading.on_read is not None:
            reading.on_read(len(value))
        text = decode_line(value, place, reading.issues)
        yield from reading.record(_WIKI40B.sub("\n", text), place)


def _values(examples, feature: str, unit: Unit) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers of a unit's examples in the split, and their texts."""
    import tensorflow as tf

    number = unit.start
    try:
        for example in examples:
            yield number, example[feature].numpy()
            number += 1
    except tf.errors.OpError as error:
        raise UserError(
            f"{unit.path} is damaged near example {number} ({error.message})."
            " Remove it, and TFDS prepares it again."
        ) from None


def _builder(config: CorpusConfig):
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise UserError(
            "--tfds_name needs tensorflow-datasets: pip install"
            " tensorflow-datasets."
        ) from None
    try:
        builder = tfds.builder(config.tfds_name, data_dir=config.tfds_data_dir)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(
            f"No such set: --tfds_name={config.tfds_name} in"
            f" tfds_data_dir={config.tfds_data_dir} ({reason})."
        ) from None
    try:
        builder.download_and_prepare()
    except Exception as error:  # Of any kind: each set has code of its own.
        raise UserError(
            f"TFDS could not prepare {config.tfds_name} in"
            f" {builder.data_dir} ({type(error).__name__}: {error}). Prepare"
            f" it first, with `tfds build {config.tfds_name}`, and name the"
            " folder by --tfds_data_dir."
        ) from None
    return builder


def _split(builder, config: CorpusConfig):
    splits = builder.info.splits
    if config.tfds_split not in splits:
        raise UserError(
            f"{config.tfds_name} has no split {config.tfds_split!r}, but"
            f" {', '.join(map(repr, splits))}. Give one as --tfds_split."
        )
    return splits[config.tfds_split]


def _check_feature(builder, config: CorpusConfig) -> None:
    import tensorflow as tf

    features = builder.info.features
    texts = [
        name
        for name, feature in features.items()
        if feature.tf_dtype == tf.string and feature.shape == ()
    ]
    if config.text_field not in texts:
        raise UserError(
            f"{config.tfds_name} has no text {config.text_field!r}, but"
            f" {', '.join(map(repr, texts)) or 'none'} of its features"
            f" {', '.join(map(repr, features))}. Give one as --text_field."
        )
