"""JSON lines: one object a line, of which one field is the text."""

import json
from collections.abc import Iterator

from data_prep.sources import splitting
from data_prep.sources.config import CorpusConfig
from data_prep.sources.lines import lines_of, numbered_lines
from data_prep.sources.unit import Reading, SourceFile, Unit
from electra_tf.errors import UserError

BYTE_ORDER_MARK = "\ufeff"


def cut(file: SourceFile, target: int, config: CorpusConfig) -> list[Unit]:
    """Return the units of a file; see `formats.Format`."""
    del config
    return splitting.split(file, target, splitting.LINE_END)


def documents(unit: Unit, reading: Reading) -> Iterator[list[str]]:
    """Yield the documents of a unit; see `formats.Format`."""
    field = reading.config.text_field
    for offset, line in lines_of(unit, reading, numbered_lines):
        line = line.removeprefix(BYTE_ORDER_MARK).strip()
        if not line:
            continue
        place = f"{unit.path}, byte {offset}"
        try:
            text = _field(line, field)
        except (ValueError, RecursionError) as error:
            reading.reject(place, str(error))
        else:
            yield from reading.record(text, place)


def _field(line: str, field: str) -> str:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(
            f"this line is no JSON ({error.msg}, column {error.colno})."
            f" Received: {line[:40]!r}."
        ) from None
    if not isinstance(record, dict):
        raise UserError(f"expected a JSON object. Received: {line[:40]!r}.")
    if field not in record:
        raise UserError(
            f"this object has no field {field!r}, but"
            f" {', '.join(map(repr, record)) or 'none'}. --text_field names"
            " the one with the text."
        )
    if not isinstance(record[field], str):
        raise UserError(
            f"expected a string as {field!r}. Received:"
            f" {str(record[field])[:40]!r}."
        )
    return record[field]
