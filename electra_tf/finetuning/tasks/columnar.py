"""Rows of Parquet and Arrow files, with the names that sets of classes have.

Hugging Face's datasets are stored so: a class is a number, and the file's
schema has the names. No TensorFlow.
"""

import json
from collections.abc import Iterator, Mapping

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import shown

# What the schema's metadata has of datasets, and what stands for no class.
FEATURES, NO_CLASS = b"huggingface", -1


def rows_of(content: bytes, name: str) -> tuple[list[str], Iterator[Record]]:
    """Return the names of columns and the rows of a file.

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
    return table.column_names, _records(table, name, features)


def _table(source):
    """Return the table of a Parquet file, or of an Arrow file or stream."""
    import pyarrow as pa
    from pyarrow import parquet

    magic = source.read(6)
    source.seek(0)
    if magic[:4] == b"PAR1":
        return parquet.read_table(source)
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
