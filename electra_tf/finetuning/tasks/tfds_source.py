"""Examples of TensorFlow Datasets, as rows with named columns.

TFDS, and TensorFlow with it, is imported only when a set is asked for. The
set has to be on the disk, or TFDS downloads and prepares it first.
"""

from collections.abc import Iterator, Mapping

from electra_tf.configs import hparams
from electra_tf.finetuning.tasks.tables import Record, Table
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError, say

# What most sets call their splits.
SPLITS = {TRAIN: "train", DEV: "validation", TEST: "test"}
ANY_VERSION = "*.*.*"
NO_CLASS = -1  # What test sets have for a class.


def read_split(
    name: str, split: str, data_dir: str | None = None, class_names: bool = True
) -> Table:
    """Return the examples of a split, in the order in which they are stored.

    Args:
        name: str, a set and its config: "glue/cola".
        split: str.
        data_dir: str, folder of all sets; None for TFDS' own default.
        class_names: bool, whether classes are given by their names, or else
            by their numbers, as text both; None where there is no class.

    Raises:
        DataError: when there is no such set or split, or it is damaged.
    """
    builder = _builder(name, data_dir)
    splits = builder.info.splits
    if splits and split not in splits:  # TFDS' mock data have none.
        raise DataError(
            f"{name} has no split {split!r}, but "
            f"{', '.join(map(repr, splits))}."
        )
    where = f"tfds:{name}:{split}"
    features = builder.info.features
    records = []
    for number, example in enumerate(_examples(builder, split, where)):
        place = f"{where}, example {number}"
        try:
            values = _plain(example, features, class_names)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{place} holds text that is not UTF-8: {error.object[:80]!r}. "
                "Prepare the set again, from UTF-8."
            ) from None
        records.append(Record(place, values))
    if not records:
        raise DataError(f"{where} holds no example.")
    return Table(where, [*features], records)


def _builder(name: str, data_dir: str | None):
    import tensorflow_datasets as tfds

    # With a version TFDS takes what is on the disk, whatever its own code is.
    version = {} if ":" in name else {"version": ANY_VERSION}
    try:
        builder = tfds.builder(name, data_dir=data_dir, **version)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        short = name.partition("/")[0]
        raise DataError(
            f"TensorFlow Datasets has no set {name!r}."
            f"{hparams.suggestion(short, tfds.list_builders())} Looked in "
            f"tfds_data_dir {data_dir} as well. "
            f"({str(error).partition(chr(10))[0]})"
        ) from None
    if not builder.is_prepared():
        say(
            f"TensorFlow Datasets prepares {name} in {builder.data_dir}; it "
            "may download it first."
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # Of any kind: each set has code of its own.
        raise DataError(
            f"TensorFlow Datasets could not prepare {name} in "
            f"{builder.data_dir} ({type(error).__name__}: {error}). Prepare it "
            f"where there is a network, with `tfds build {name}`, and name its "
            "folder by tfds_data_dir."
        ) from None
    return builder


def _examples(builder, split: str, where: str) -> Iterator[dict]:
    import tensorflow as tf
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        # One file after the other: the order is always the same.
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
    )
    number = 0
    try:
        for example in tfds.as_numpy(dataset):
            yield example
            number += 1
    except tf.errors.OpError as error:
        raise DataError(
            f"{where} is damaged near example {number} ({error.message}). "
            f"Remove {builder.data_dir}, and TFDS prepares it again."
        ) from None


def _plain(value, feature, class_names: bool):
    """Return a value as text, numbers, lists and dicts."""
    if isinstance(value, Mapping):
        inner = getattr(feature, "feature", feature)  # Of a sequence of dicts.
        return {k: _plain(v, inner[k], class_names) for k, v in value.items()}
    if hasattr(value, "to_list"):  # Lists of different lengths.
        value = value.to_list()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if getattr(value, "ndim", 0) or isinstance(value, list):
        inner = getattr(feature, "feature", feature)
        return [_plain(item, inner, class_names) for item in value]
    number = value.item() if hasattr(value, "item") else value
    if not hasattr(feature, "int2str"):
        return number
    if number == NO_CLASS:
        return None
    return feature.int2str(number) if class_names else str(number)
