"""Tasks on a user's own data, and the files of each split."""

import collections
import unicodedata
from collections.abc import Callable, Iterable

from electra_tf.configs import FinetuningConfig
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import schema, tfds_source
from electra_tf.finetuning.tasks.tables import Table, read_table
from electra_tf.finetuning.tasks.task import TRAIN, say


def read_own_table(
    config: FinetuningConfig,
    split: str,
    tell: Callable[[str], None] = lambda text: None,
) -> Table:
    """Return the rows of a split, from a file or TensorFlow Datasets."""
    if config.tfds_name is None:
        return read_table(file_of(config, split), config.between_columns, tell)
    return tfds_source.read_split(
        config.tfds_name,
        getattr(config, f"tfds_{split}_split"),
        config.tfds_data_dir,
    )


def columns_of(
    config: FinetuningConfig, table: Table, fields: Iterable[schema.Field]
) -> dict[str, str]:
    """Return the column of each field, by the settings `<field>_column`.

    Raises:
        DataError: when the table lacks one.
    """
    columns = {}
    for field in fields:
        setting = f"{field.name}_column"
        columns[field.name] = getattr(config, setting)
        table.check_column(setting, columns[field.name])
    return columns


def file_of(config: FinetuningConfig, split: str) -> str:
    """Return the path of a split's file."""
    return getattr(config, f"{split}_file")


def name_of(config: FinetuningConfig, split: str) -> str:
    """Return what to call a split's data: its file, or its set."""
    return config.tfds_name or file_of(config, split)


def named(value: str, names: tuple[str, ...]) -> str:
    """Return a label, of a number its name if there are names.

    Raises:
        UserError: for a label that is none of the names.
    """
    if not names or value in names:
        return value
    try:
        return names[schema.whole(value)]
    except (TypeError, IndexError):
        raise UserError(
            f"label {value!r} is none of label_names: a number below "
            f"{len(names)}, or one of {', '.join(names)}"
        ) from None


# Labels that may stand for none, or be one.
_DOUBTFUL = frozenset(("none", "na", "n/a", "-", "?", "unknown"))


def doubts(labels: Iterable[str]) -> list[str]:
    """Say which labels may be meant to be the same, or to be none.

    >>> doubts(["pos", "Pos ", "None"])  # doctest: +NORMALIZE_WHITESPACE
    ["the labels 'Pos ' and 'pos' differ by blanks or case alone and are
    learnt as different", "the label 'None' is learnt as one; skip_bad_rows
    leaves out empty labels only", "the label 'Pos ' has blanks around it"]
    """
    alike = collections.defaultdict(list)
    for label in sorted(labels):
        alike[_folded(label)].append(label)
    alone = (
        f"the labels {' and '.join(map(repr, names))} differ by blanks or case "
        "alone and are learnt as different"
        for names in alike.values()
        if len(names) > 1
    )
    doubtful = (
        f"the label {label!r} is learnt as one; skip_bad_rows leaves out empty "
        "labels only"
        for key, (label, *_) in alike.items()
        if key in _DOUBTFUL
    )
    blank = (
        f"the label {label!r} has blanks around it"
        for names in alike.values()
        for label in names
        if label != label.strip()
    )
    numbers = [number for key in alike if (number := _number(key)) is not None]
    if len(numbers) == len(alike) and any(n % 1 for n in numbers):
        blank = [
            *blank,
            "the labels are numbers, each learnt as a class; the task "
            "regression learns numbers",
        ]
    return [*alone, *doubtful, *blank]


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _folded(label: str) -> str:
    text = unicodedata.normalize("NFKC", label).casefold()
    text = "".join(c for c in text if unicodedata.category(c)[0] not in "ZC")
    if text in ("true", "false"):  # May be meant as 1 and 0.
        text = str(int(text == "true"))
    number = _number(text)
    return text if number is None else repr(number)


class Learnt:
    """The training data's examples, by which others are told to be old."""

    def __init__(self):
        self._keys: set[int] = set()

    def tell(self, name: str, split: str, keys: Iterable) -> None:
        """Keep what tells training examples apart, or say which come again."""
        found = [hash(key) for key in keys]
        if split == TRAIN:
            self._keys.update(found)
            return
        if again := sum(key in self._keys for key in found):
            say(
                f"{name} {split}: {again} of {len(found)} examples are in the "
                "training data, too."
            )


def repeated_ids(table: Table) -> str:
    """Say which ids of a table come more than once; "" for none."""
    ids = collections.Counter(
        str(record.values["id"])
        for record in table.records
        if not schema.is_nothing(record.values.get("id"))
    )
    twice = [name for name, count in ids.items() if count > 1]
    if not twice:
        return ""
    return (
        f"{table.name}: {len(twice)} ids come more than once, {twice[0]!r} for "
        "instance; all of these rows are used."
    )
