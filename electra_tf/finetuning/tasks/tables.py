"""Files whose columns have names: a user's CSV, TSV, JSON, Parquet, Arrow.

No TensorFlow.
"""

import io
import json
import os
import re
import typing
from collections.abc import Callable, Iterator, Mapping

from electra_tf.configs import hparams
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import text_rows
from electra_tf.finetuning.tasks.rows import Record, RowError
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import (
    COMPRESSED,
    decoded,
    read_bytes,
    shown,
)
from electra_tf.io import listing

Tell = Callable[[str], None]


class Table(typing.NamedTuple):
    """Rows with named columns; `name` is that of the file."""

    name: str
    columns: list[str]
    records: list[Record]

    def check_column(self, setting: str, column: str) -> None:
        """Raise `DataError` if there is no column that a setting names."""
        if column not in self.columns:
            for record in () if self.columns else self.records:
                raise RowError(record.where, record.problem)
            raise DataError(
                f"{self.name} has no column {column!r}."
                f"{hparams.suggestion(column, self.columns)} Its columns are "
                f"{shown(self.columns)}; set {setting} to one of these."
            )


# By the lower-case end of a name; others have tabs.
EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "parquet",
    ".feather": "parquet",
}
# By first bytes, whatever the name.
_MAGIC = (b"PAR1", b"ARROW1")
# "train-00000-of-00002.parquet" is a part of "train".
_PART = re.compile(r"-\d+-of-(\d+).*")
_WILDCARD = re.compile(r"[*?\[]")
# What datasets writes beside its tables; it holds no rows.
_OF_DATASETS = {"dataset_info.json", "dataset_dict.json", "state.json"}
# What the schema of such a file has of datasets, and what stands for no class.
FEATURES, NO_CLASS = b"huggingface", -1


def form_of(path: str) -> str:
    """Return the form of a file by the end of its name; "" for another.

    >>> form_of("data/Train.CSV.gz"), form_of("words.txt")
    ('csv', '')
    """
    return EXTENSIONS.get(_extension(path), "")


def _extension(path: str) -> str:
    name, extension = os.path.splitext(path.lower())
    if extension in COMPRESSED:
        _, extension = os.path.splitext(name)
    return extension


def read_table(
    path: str, delimiter: str | None = None, tell: Tell = lambda text: None
) -> Table:
    """Read a file, or the files of a folder or pattern, by their extensions.

    Args:
        path: a file; a folder or a pattern whose files are parts of a whole,
            as `data/train-*.parquet`.
        delimiter: what stands between the columns of CSV and TSV; None to
            take the usual, or what the first row has.
        tell: function that is told what was assumed.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it cannot be read, or holds no row.
    """
    parts = _parts(path, tell)
    if len(parts) > 1:
        tell(f"{path}: {len(parts)} files are read, the first is {parts[0]}.")
    columns: dict[str, None] = {}
    records: list[Record] = []
    for part in parts:
        names, rows = _read_part(part, delimiter, tell)
        columns |= dict.fromkeys(names)
        for record in rows:
            columns |= dict.fromkeys(record.values)
            records.append(record)
    if not records:
        raise DataError(
            f"{path} holds no example, only the row {shown([*columns])}."
            if columns
            else f"{path} is empty."
        )
    return Table(path, [*columns], records)


def _parts(path: str, tell: Tell) -> list[str]:
    """Return the files that a path names, in order."""
    is_folder = listing.is_folder(path)
    if not is_folder and (os.path.isfile(path) or not _WILDCARD.search(path)):
        return [path]
    found = [part for part, _ in listing.find(path)[1]]
    parts = [part for part in found if form_of(part)]
    if is_folder:  # Other documents than parts tell of the tables beside them.
        parts = [
            part
            for part in parts
            if _extension(part) != ".json" or _PART.search(part)
        ] or parts
    names = [os.path.basename(part) for part in found if part not in parts]
    left_out = sorted({*names} - _OF_DATASETS)
    if not parts:
        raise FileNotFoundError(
            f"No data file in {path}: no name ends in {', '.join(EXTENSIONS)}. "
            f"Found: {shown(left_out)}."
        )
    if left_out:
        tell(f"{path}: files that are not read: {shown(left_out)}.")
    sets = sorted({_PART.sub("", part) for part in parts})
    if is_folder and len(sets) > 1:
        raise DataError(
            f"{path} holds several sets, {', '.join(sets)}; give one file, or "
            "a pattern for the parts of one."
        )
    numbers = {int(n) for part in parts for n in _PART.findall(part)}
    if len(numbers) == 1 and len(parts) < max(numbers):
        tell(f"{path} has {len(parts)} of {max(numbers)} parts of its set.")
    return parts


def _read_part(path: str, delimiter: str | None, tell: Tell):
    name, content = read_bytes(path)
    form = form_of(name)
    if delimiter and form in ("json", "parquet"):
        raise DataError(f"{path} has no columns between delimiters; set none.")
    if content.startswith(_MAGIC) or form == "parquet":
        return columnar_rows(content, path)
    text = decoded(path, content)
    if form == "json":
        lines = io.StringIO(text, newline="\n")
        return [], text_rows.json_rows(lines, path, tell=tell)
    quoted = form == "csv"
    # CSV may end its lines by a carriage return alone.
    lines = io.StringIO(text, newline="" if quoted else "\n")
    return text_rows.delimited(lines, path, delimiter, quoted, tell)


def columnar_rows(
    content: bytes, name: str
) -> tuple[list[str], Iterator[Record]]:
    """Return the names of columns and the rows of a Parquet or Arrow file.

    Hugging Face's datasets are stored so: a class is a number, and the file's
    schema has the names.

    Raises:
        DataError: when it is damaged.
    """
    import pyarrow as pa

    try:
        table = _table(pa.BufferReader(content))
        features = _features(table.schema.metadata or {})
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"{name} is damaged, or no Parquet or Arrow file: {error}"
        ) from None
    text_rows.check_names(name, table.column_names)
    return table.column_names, _records(table, name, features)


def _table(source):
    """Return the table of a Parquet file, or of an Arrow file or stream."""
    import pyarrow as pa
    from pyarrow import parquet

    magic = source.read(6)
    source.seek(0)
    if magic[:4] == b"PAR1":
        return parquet.ParquetFile(source).read()
    if magic == b"ARROW1":
        return pa.ipc.open_file(source).read_all()
    return pa.ipc.open_stream(source).read_all()


def _features(metadata: dict) -> dict:
    """Return what datasets says of each column; nothing if it did not."""
    try:
        features = json.loads(metadata[FEATURES])["info"]["features"]
    except (KeyError, TypeError, ValueError):
        return {}
    return features if isinstance(features, dict) else {}


def _records(table, name: str, features: dict) -> Iterator[Record]:
    number = 0
    for batch in table.to_batches():
        for row in _rows(batch, name, number):
            number += 1
            where = f"{name}, row {number}"
            try:
                values = {k: _named(v, features.get(k)) for k, v in row.items()}
            except UserError as error:
                problem = f"{error}. Read: {shown(row)}"
                yield Record(where, {}, problem, number)
            else:
                yield Record(where, values, line=number)


def _rows(batch, name: str, before: int) -> list[dict]:
    try:
        return batch.to_pylist()
    except ValueError as error:  # Bytes that are no UTF-8, dates beyond all.
        raise DataError(
            f"{name}, after row {before}: a value cannot be read: {error}"
        ) from None


def _named(value, feature):
    """Return a value with the names of its classes instead of numbers."""
    if isinstance(feature, list) and len(feature) == 1:
        feature = {"feature": feature[0]}
    if not isinstance(feature, Mapping) or value is None:
        return value
    if isinstance(feature.get("names"), list):
        return _class_name(value, feature["names"])
    inner = feature.get("feature")
    if isinstance(value, list):
        return [_named(item, inner) for item in value]
    if isinstance(value, dict):
        inner = inner if isinstance(inner, Mapping) else feature
        return {k: _named(v, inner.get(k)) for k, v in value.items()}
    return value


def _class_name(value, names: list):
    if isinstance(value, list):
        return [_class_name(item, names) for item in value]
    if value == NO_CLASS or not isinstance(value, int):
        return None if value == NO_CLASS else value
    if not 0 <= value < len(names):
        raise UserError(
            f"class {value}; expected a number below {len(names)}, the number "
            f"of names"
        )
    return names[value]
