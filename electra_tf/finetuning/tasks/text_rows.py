"""Rows of a text that comes line by line: cells of a table, or JSON.

All give `Record`s; a row that cannot be read is one too, and says why. No
TensorFlow.
"""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import read_text, shown
from electra_tf.io.json_text import parsed_json

# A quotation mark that is never closed must not swallow a file.
MAX_CELL = 10_000_000
LONG_ROW = 20  # Lines of a row, from which on it is told.
DELIMITERS = ",;\t|"
# A cell in quotation marks; others in it stand twice.
_QUOTED = re.compile('"[^"]*(?:""[^"]*)*"')


def delimited(
    lines: Iterable[str],
    name: str,
    delimiter: str | None = None,
    quoted: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> tuple[list[str], Iterator[Record]]:
    """Return the names of columns, which the first row has, and other rows.

    Args:
        lines: the text, with its line ends.
        name: what to call the file.
        delimiter: what stands between cells. By default a comma, or a tab if
            `quoted` is not set; where the first row has none, what it has.
        quoted: whether cells may be quoted, as in CSV. Without, a quotation
            mark between tabs is a character like any other.
        tell: function that is told what was guessed.

    Raises:
        DataError: when there is no such row, or two columns have one name.
    """
    lines = iter(lines)
    before = 0
    for first in lines:
        if first.strip("\r\n"):
            break
        before += 1
    else:
        raise DataError(f"{name} is empty.")
    if delimiter is None:
        usual = "," if quoted else "\t"
        delimiter = usual if usual in first else guessed_delimiter(first, usual)
        if delimiter != usual:
            tell(
                f"{name}: {delimiter!r} is taken to stand between columns; "
                "set another by delimiter."
            )
    lines = itertools.chain([first], lines)
    if quoted or delimiter != "\t":
        rows = _quoted(lines, name, delimiter, before, tell)
    else:
        rows = _in_tabs(lines, name, before, tell)
    number, _, columns, problem = next(rows)
    where = f"{name}, row {number}"
    if problem:
        raise DataError(f"{where}{problem}")
    check_names(where, columns)
    return columns, _records(rows, name, columns)


def check_names(where: str, columns: list[str]) -> None:
    """Raise `DataError` where two columns have one name."""
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(
            f"{where}: the columns {shown(twice)} come twice; give each a name "
            f"of its own. Read: {shown(columns)}"
        )


def tab_rows(path: str, most: int | None = None) -> list[Record]:
    """Return the rows of a table without names: their values are its cells.

    At most `most` rows are read, the header included. A quotation mark between
    tabs is a character like any other, as in GLUE.
    """
    rows = []
    lines = io.StringIO(read_text(path), "\n")
    for number, line in enumerate(itertools.islice(lines, most), 1):
        if cells := line.rstrip("\r\n"):
            where = f"{path}, row {number}"
            rows.append(Record(where, cells.split("\t"), line=number))
    if not rows:
        raise DataError(f"{path} is empty.")
    return rows


def guessed_delimiter(line: str, usual: str) -> str:
    """Return what stands between the cells of a line.

    >>> guessed_delimiter("text;label", ",")
    ';'
    """
    try:
        return csv.Sniffer().sniff(line, DELIMITERS).delimiter
    except csv.Error:  # It has one column.
        return usual


def is_as_csv(cell: str) -> bool:
    """Return whether a cell between tabs has its quotation marks from CSV.

    Spreadsheets put them around cells with a comma or a quotation mark.

    >>> is_as_csv('"a, b"'), is_as_csv('"a ""b"" c"'), is_as_csv('"a b"')
    (True, True, False)
    """
    has_reason = "," in cell or ";" in cell or '""' in cell[1:-1]
    return has_reason and _QUOTED.fullmatch(cell) is not None


def _records(rows, name: str, columns: list[str]) -> Iterator[Record]:
    for number, line, cells, problem in rows:
        where = f"{name}, row {number}"
        if problem:
            place, _, problem = problem.partition(": ")
            yield Record(where + place, {}, problem, line)
        elif len(cells) != len(columns):
            problem = (
                f"expected {len(columns)} columns, received {len(cells)}. "
                f"Read: {shown(cells)}"
            )
            yield Record(where, {}, problem, line)
        elif cells == columns and len(cells) > 1:  # Of files put together.
            problem = f"the names of the columns again. Read: {shown(cells)}"
            yield Record(where, {}, problem, line)
        else:
            values = dict(zip(columns, cells, strict=True))
            yield Record(where, values, line=line)


def _in_tabs(lines: Iterator[str], name: str, before: int, tell):
    """Yield number of row, number of its last line, cells, problem."""
    quoted = 0
    for number, line in enumerate(lines, 1 + before):
        cells = line.rstrip("\r\n").split("\t")
        quoted += any(map(is_as_csv, cells))
        if cells != [""]:
            yield number, number, cells, ""
    if quoted:
        tell(
            f"{name}: {quoted} rows have quotation marks as CSV writes them, "
            "which are read as they are; if it is CSV with tabs, call it .csv."
        )


def _quoted(lines: Iterator[str], name: str, delimiter: str, before: int, tell):
    """Yield the same."""
    csv.field_size_limit(MAX_CELL)
    taken: list[str] = []  # The lines of a row.
    longest = (LONG_ROW, 0, 0)  # Lines, number and first line of a row.

    def taking():
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(taking(), delimiter=delimiter, strict=True)
    for number in itertools.count(1 + before):
        taken.clear()
        line = 1 + before + reader.line_num
        cells, problem = [], ""
        try:
            cells = next(reader)
        except StopIteration:
            most, number, line = longest
            if number:
                tell(
                    f"{name}: row {number} has {most} lines, from line {line} "
                    "on; if it should not, a quotation mark is without its "
                    "pair."
                )
            return
        except csv.Error as error:
            last = before + reader.line_num
            lines_read = f"lines {line} to" if line < last else "line"
            problem = (
                f", {lines_read} {last}: no valid CSV: {error}. Read: "
                f"{shown(''.join(taken[:1]).rstrip())}. Is a quotation mark "
                "without its pair? In a cell they are written twice"
            )
        longest = max(longest, (len(taken), number, line))
        if cells or problem:
            yield number, before + reader.line_num, cells, problem


def json_rows(
    lines: Iterable[str],
    name: str,
    bare: str = "",
    tell: Callable[[str], None] = lambda text: None,
) -> Iterator[Record]:
    """Give the objects of JSON lines, or of one document.

    A document is a list of objects, an object with such a list as `data`, or
    one with an object for each column, as pandas writes it.

    Args:
        lines: the text, with its line ends.
        name: what to call the file.
        bare: name of the value of a line that is a text alone; "" where lines
            must be objects.
        tell: function that is told what is not read.
    """
    numbered = enumerate(lines, 1)
    filled = ((n, line) for n, line in numbered if line.strip())
    first = next(filled, None)
    if first is None:
        return
    rest = filled
    if not _starts_lines(first[1]):
        rest = [*numbered]
        document = first[1] + "".join(line for _, line in rest)
        found = _of_document(document, name, first, tell)
        if found is not None:
            yield from found
            return
    for number, line in itertools.chain([first], rest):
        if line.strip():
            yield _of_line(f"{name}, line {number}", line, number, bare)


def _starts_lines(line: str) -> bool:
    """Return whether a first line is one of JSON lines."""
    try:
        value = parsed_json(line)
    except UserError:
        return False
    rows = _rows_of(value)
    return rows is None or (len(rows) == 1 and rows[0] is value)


def _of_line(where: str, line: str, number: int, bare: str) -> Record:
    problem = ""
    try:
        value = parsed_json(line)
    except UserError as error:
        value, problem = {}, f"{error}. Read: {shown(line.strip())}"
    if bare and isinstance(value, str):
        value = {bare: value}
    if not isinstance(value, dict):
        problem = f"expected a JSON object, one a line. Read: {shown(value)}"
        value = {}
    return Record(where, value, problem, number)


def _of_document(text: str, name: str, first, tell) -> list[Record] | None:
    """Return the rows of a document; None where it is none."""
    try:
        value = parsed_json(text)
    except UserError as error:
        number, line = first
        if line[0] == "[" or line.strip() == "{":  # No line of JSON lines.
            return [Record(name, {}, str(error), number)]
        return None
    rows, others = _rows_of(value), []
    if isinstance(value, dict) and rows is value.get("data"):
        others = [k for k in value if k != "data" and _is_rows(value[k])]
    if others:
        tell(
            f"{name}: the list 'data' is read, and {shown(others)} are not; "
            "give each set a file of its own."
        )
    found = []
    for number, row in enumerate(rows or (), 1):
        problem = ""
        if not isinstance(row, dict):
            problem = f"expected a JSON object. Read: {shown(row)}"
            row = {}
        found.append(Record(f"{name}, row {number}", row, problem, number))
    return None if rows is None else found


def _is_rows(value) -> bool:
    return isinstance(value, list) and any(isinstance(v, dict) for v in value)


def _rows_of(value) -> list | None:
    """Return the rows that a value holds, or is; None for what is no row."""
    if isinstance(value, list) and (not value or isinstance(value[0], dict)):
        return value
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("data"), list):
        return value["data"]
    columns = [*value.values()]
    if columns and all(
        isinstance(column, dict) and column.keys() == columns[0].keys()
        for column in columns
    ):
        return [
            {name: column[key] for name, column in value.items()}
            for key in columns[0]
        ]
    return [value]
