"""Text sets of TensorFlow Datasets, such as wiki40b/en or c4."""

import re
from collections.abc import Iterator

from data_prep.dataset_config import CorpusConfig
from data_prep.sources.lines import decode_line
from data_prep.sources.unit import Reading, SourceFile, Unit, shares
from electra_tf.errors import UserError
from electra_tf.io import tfds_sets

FORMAT = "tfds"

# The marks that wiki40b has in its text, each of which ends a line.
_WIKI40B = re.compile(r"\n?_START_(?:ARTICLE|SECTION|PARAGRAPH)_\n|_NEWLINE_")


def find(config: CorpusConfig) -> SourceFile:
    """Return a split of a set as one file; UserError if it has no text."""
    builder = _builder(config)
    _check_feature(builder, config)
    size = builder.info.splits[config.tfds_split].num_bytes
    name = f"tfds:{builder.info.full_name}:{config.tfds_split}"
    return SourceFile(FORMAT, name, name, max(1, size))


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return units of examples, positions being their numbers."""
    split = _builder(config).info.splits[config.tfds_split]
    return shares(file, split.num_examples, target)


def documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    config = reading.config
    part = f"{config.tfds_split}[{unit.start}:{unit.end}]"
    for number, example in tfds_sets.examples(
        _builder(config), part, unit.path, unit.start
    ):
        value = example[config.text_field]
        place = f"{unit.path}, example {number}"
        if reading.on_read is not None:
            reading.on_read(len(value))
        text = decode_line(value, place, reading.issues)
        yield from reading.record(_WIKI40B.sub("\n", text), place)


def _builder(config: CorpusConfig):
    return tfds_sets.prepared(
        config.tfds_name, config.tfds_data_dir, config.tfds_split
    )


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
