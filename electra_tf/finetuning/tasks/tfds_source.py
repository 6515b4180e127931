"""Examples of TensorFlow Datasets, as rows with named columns."""

from collections.abc import Mapping

from electra_tf.finetuning.tasks.tables import Record, Table
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError
from electra_tf.io import tfds_sets

# What most sets call their splits.
SPLITS = {TRAIN: "train", DEV: "validation", TEST: "test"}
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
        UserError: when there is no such set or split, or it is damaged.
        DataError: when it has no example, or text that is not UTF-8.
    """
    builder = tfds_sets.prepared(name, data_dir, split)
    where = f"tfds:{name}:{split}"
    features = builder.info.features
    records = []
    for number, example in tfds_sets.examples(builder, split, where):
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
