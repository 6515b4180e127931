"""Parquet files: one column of strings is the text, each row a document."""

import contextlib
from collections.abc import Callable, Iterator

from data_prep.dataset_config import CorpusConfig
from data_prep.sources.lines import decode_line
from data_prep.sources.unit import Reading, SourceFile, Unit, shares, whole
from electra_tf.errors import UserError
from electra_tf.io import files

ROWS_PER_BATCH = 1024


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return units of row groups, positions being their numbers."""
    if not file.bytes:
        return [whole(file)]
    with _open(file.path) as table:
        _check_column(table, file.path, config.text_field)
        groups = table.metadata.num_row_groups
    return shares(file, groups, target)


def documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    with _open(unit.path, reading.on_read) as table:
        for row, value in _values(table, unit, reading.config.text_field):
            place = f"{unit.path}, row {row}"
            if value is None:
                reading.reject(place, "this row has no text.")
                continue
            text = decode_line(value, place, reading.issues)
            yield from reading.record(text, place)


def _values(table, unit: Unit, column: str) -> Iterator[tuple[int, bytes]]:
    """Yield the numbers of a unit's rows in the file, and their texts."""
    arrow = _import_pyarrow()
    metadata = table.metadata
    row = sum(metadata.row_group(k).num_rows for k in range(unit.start))
    batches = table.iter_batches(
        ROWS_PER_BATCH, range(unit.start, unit.end), [column], use_threads=False
    )
    try:
        for batch in batches:
            # As bytes, so that one that is not UTF-8 is no error.
            for value in batch.column(0).cast(arrow.binary()).to_pylist():
                yield row, value
                row += 1
    except (arrow.ArrowException, OSError) as error:
        raise UserError(
            f"{unit.path} is damaged near row {row} ({error}). Copy it again."
        ) from None


@contextlib.contextmanager
def _open(path: str, on_read: Callable[[int], None] | None = None):
    arrow = _import_pyarrow()
    from pyarrow import parquet

    with files.open_stream(path, on_read) as file:
        try:
            table = parquet.ParquetFile(file)
        except (arrow.ArrowException, OSError) as error:
            raise UserError(
                f"{path} is incomplete, damaged, or no Parquet file ({error})."
                " Copy it again."
            ) from None
        yield table


def _check_column(table, path: str, column: str) -> None:
    arrow = _import_pyarrow()
    schema = table.schema_arrow
    if column not in schema.names:
        raise UserError(
            f"{path} has no column {column!r}, but"
            f" {', '.join(map(repr, schema.names))}. --text_field names the"
            " one with the text."
        )
    if schema.names.count(column) > 1:
        raise UserError(
            f"{path} has {schema.names.count(column)} columns {column!r}, and"
            " which is the text is not known. Rename one, or name another one"
            " by --text_field."
        )
    kind = schema.field(column).type
    if arrow.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = (arrow.types.is_string, arrow.types.is_large_string)
    if not any(test(kind) for test in is_text):
        raise UserError(
            f"The column {column!r} of {path} holds {kind}. Expected strings;"
            " --text_field names the one with the text."
        )


def _import_pyarrow():
    try:
        import pyarrow
    except ImportError:
        raise UserError(
            "Reading Parquet files needs pyarrow: pip install pyarrow."
        ) from None
    return pyarrow
