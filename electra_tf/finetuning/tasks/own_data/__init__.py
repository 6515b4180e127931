"""Tasks on a user's own data, and the files of each split."""

import collections
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning.tasks import schema, tfds_source
from electra_tf.finetuning.tasks.rows import Record, kept
from electra_tf.finetuning.tasks.tables import Table, read_table
from electra_tf.finetuning.tasks.task import TEST, TRAIN, DataError, say
from electra_tf.finetuning.tasks.text_files import shown


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


def rows_of(
    config: FinetuningConfig,
    split: str,
    fields: Iterable[schema.Field],
    make: Callable[[int, dict, Record], Any],
    tell: Callable[[str], None] = lambda text: None,
) -> list:
    """Return what `make` makes of the rows of a split.

    Args:
        config: its `<field>_column` names the column of each field.
        split: of a test set no label is read.
        fields: what a row holds; without text_pair_column no text_pair.
        make: function of a row's number, its values by field, its record.
        tell: function that is told what was guessed or left out.

    Raises:
        DataError: when the table lacks a column, or for bad rows, see `kept`.
    """
    absent = {"label"} if split == TEST else set()
    absent |= {"text_pair"} if config.text_pair_column is None else set()
    fields = tuple(field for field in fields if field.name not in absent)
    columns = {f.name: getattr(config, f"{f.name}_column") for f in fields}
    settings = {f"{name}_column": name for name in columns}
    table = read_own_table(config, split, tell)
    if None in columns.values():
        raise DataError(
            f"{table.name} has the columns {shown(table.columns)}; set "
            f"{' and '.join(settings)} to those of "
            f"{' and '.join(field.meaning for field in fields)}."
        )
    for setting, name in settings.items():
        table.check_column(setting, columns[name])
    for column in config.names_of_choices:
        table.check_column("choice_columns", column)
    read = {*columns.values(), *config.names_of_choices, config.label_column}
    if unread := [n for n in table.columns if n not in read | {"id"}]:
        tell(f"{table.name}: columns that are not read: {shown(unread)}.")
    if repeated := repeated_ids(table):
        tell(repeated)

    def made(number: int, record: Record):
        return make(number, schema.read(record, fields, columns), record)

    return kept(table.records, made, config.skip_bad_rows, table.name, tell)


def file_of(config: FinetuningConfig, split: str) -> str:
    """Return the path of a split's file."""
    return getattr(config, f"{split}_file")


def name_of(config: FinetuningConfig, split: str) -> str:
    """Return what to call a split's data: its file, or its set."""
    return config.tfds_name or file_of(config, split)


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
