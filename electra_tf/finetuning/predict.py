"""Answers texts by a fine-tuned model: lines in, JSON lines out.

    python -m electra_tf.finetuning.predict --model_folder FOLDER --input -

reads standard input as it comes and writes an object a row, in the rows'
order, each with the number of its line. A row that cannot be answered gives an
object with `error`, and the others are answered all the same; with --strict it
ends the program.
"""

import argparse
import contextlib
import csv
import functools
import itertools
import json
import os
import queue
import sys
import threading
import typing
from collections.abc import Callable, Iterable, Iterator

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.serving.answers import ANSWERS
from electra_tf.io import files
from electra_tf.text import unknown

# Rows that are answered together: enough to find some of like length. Twice
# as many at most are in memory.
ROWS_TOGETHER = 256
_END = object()

# What bytes that are no UTF-8 become when a file is opened with this.
DECODING = "surrogateescape"

# The first row of a CSV file may be long, but a quotation mark that is never
# closed must not swallow the file.
MAX_CELL = 10_000_000


class TextRow(typing.NamedTuple):
    """A row of the input, by the number of its (last) line, from 1.

    `values` are by field; where they cannot be read, `problem` says why.
    """

    line: int
    values: dict
    problem: str = ""


def lines(source: Iterable[str], names: tuple[str, ...]) -> Iterator[TextRow]:
    """Give a row a line; a tab parts the first text from the second.

    >>> [row.values for row in lines(["a b\\n", "c\\td\\n"], ("text", "pair"))]
    [{'text': 'a b'}, {'text': 'c', 'pair': 'd'}]
    """
    for number, line in enumerate(source, 1):
        parts = line.rstrip("\r\n").split("\t", len(names) - 1)
        values = dict(zip(names, parts, strict=False))
        yield TextRow(number, values)


def json_lines(
    source: Iterable[str], names: tuple[str, ...]
) -> Iterator[TextRow]:
    """Give a row a line that holds a JSON object, or a text."""
    for number, line in enumerate(source, 1):
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield TextRow(number, {}, f"no JSON: {error}")
            continue
        if isinstance(values, str):
            values = {names[0]: values}
        if not isinstance(values, dict):
            problem = f"expected a JSON object, received {line.strip()}"
            yield TextRow(number, {}, problem)
            continue
        yield TextRow(number, values)


def cell_table(
    source: Iterable[str], names: tuple[str, ...], **dialect
) -> Iterator[TextRow]:
    """Give the rows below the one that names the columns.

    Raises:
        UserError: when there is no such row, or it lacks a column.
    """
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(source, **dialect)
    try:
        header = next(reader, [])
    except csv.Error as error:
        header = [f"no valid CSV ({error})"]
    if names[0] not in header:
        raise UserError(
            f"The first row must name the columns, {names[0]!r} among them. "
            f"Received: {header}. Name another column by --{names[0]}_column, "
            "or the format by --format."
        )
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield TextRow(reader.line_num, {}, str(error))
            continue
        if len(cells) != len(header):
            problem = f"expected {len(header)} columns, received {len(cells)}"
            yield TextRow(reader.line_num, {}, problem)
            continue
        yield TextRow(reader.line_num, dict(zip(header, cells, strict=True)))


FORMATS: dict[str, Callable[..., Iterator[TextRow]]] = {
    "lines": lines,
    "csv": cell_table,
    "tsv": functools.partial(
        cell_table, delimiter="\t", quoting=csv.QUOTE_NONE
    ),
    "jsonl": json_lines,
}
# By the end of a file's name; others are lines.
EXTENSIONS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".json": "jsonl",
    ".ndjson": "jsonl",
}


def checked(row: TextRow) -> TextRow:
    """Return the row; with a problem where it holds no proper text."""
    try:
        json.dumps(row.values, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return TextRow(row.line, {}, "not UTF-8 text")
    return row


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    with command_line.errors_of("predict"):
        files.check_writable(args.output, "--output")
        try:
            predict(args)
        except BrokenPipeError:
            command_line.discard_output()
            sys.exit(1)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser(
        "electra_tf.finetuning.predict", "Answers texts by a fine-tuned model."
    )
    add = made.add_argument
    add("--model_folder", required=True, help="what fine-tuning wrote")
    add("--input", default="-", help="file, or - for standard input")
    add("--output", default="-", help="file, or - for standard output")
    add(
        "--format",
        choices=tuple(FORMATS),
        help="of the input; by default what the file's name says, or lines",
    )
    add("--task", help="which task, where the model has several")
    add("--batch_size", type=int, default=32)
    add("--strict", action="store_true", help="stop at the first bad row")
    for name in ("text", "text_pair", "question", "context", "words", "id"):
        add(
            f"--{name}_column",
            default=name,
            metavar="NAME",
            help=f"column or JSON key of {name}; default {name}",
        )
    return made


def predict(args: argparse.Namespace) -> None:
    """Read, answer and write.

    Raises:
        FileNotFoundError: when the model or the input is not there.
        UserError: for an input that cannot be read, or a row in strict mode.
    """
    if args.batch_size < 1:
        raise UserError(
            f"--batch_size must be at least 1. Received: {args.batch_size}."
        )
    tuned = finetuned_model.read(args.model_folder)
    kind = ANSWERS[tuned.task(args.task).head.kind]
    with _opened(args.input, "r") as source, _opened(args.output, "w") as sink:
        rows = read_rows(source, args, kind)
        first = next(rows, None)  # Mistakes show before TensorFlow is there.
        if first is None:
            return
        from electra_tf.finetuning.serving.text_predictor import TextPredictor

        predictor = TextPredictor(tuned, args.task, args.batch_size)
        for some in together(itertools.chain([first], rows)):
            for answer in answered(predictor, some, args.strict):
                sink.write(json.dumps(answer, ensure_ascii=False) + "\n")
            sink.flush()
    for line in unknown.report(
        predictor.unknown, predictor.tokenizer, "of the input"
    )[1:]:
        print(f"predict: {line}", file=sys.stderr)


def _opened(path: str, mode: str):
    """Open a file, or the standard streams."""
    if path != "-":
        return open(path, mode, encoding="utf-8", errors=DECODING, newline="")
    stream = sys.stdin if mode == "r" else sys.stdout
    stream.reconfigure(encoding="utf-8", errors=DECODING)
    return contextlib.nullcontext(stream)


def read_rows(
    source: Iterable[str], args: argparse.Namespace, kind
) -> Iterator[TextRow]:
    """Give the rows of some lines, their values under the fields' own names.

    `kind` is the row of `ANSWERS` that has the fields.
    """
    _, extension = os.path.splitext(args.input)
    form = args.format or EXTENSIONS.get(extension, "lines")
    if form == "lines":
        yield from map(checked, lines(source, kind.texts))
        return
    fields = (*kind.fields, *kind.optional, "id")
    column = {name: getattr(args, f"{name}_column") for name in fields}
    names = tuple(column[name] for name in kind.fields)
    for row in map(checked, FORMATS[form](source, names)):
        yield row._replace(values=_renamed(row.values, column))


def _renamed(values: dict, column: dict[str, str]) -> dict:
    return {name: values[key] for name, key in column.items() if key in values}


def together(rows: Iterable[TextRow]) -> Iterator[list[TextRow]]:
    """Give rows in lists: all that are there already, or wait for one.

    A thread reads on while others are answered.

    >>> [*together(iter([1, 2]))] in ([[1, 2]], [[1], [2]])
    True
    """
    waiting: queue.Queue = queue.Queue(ROWS_TOGETHER)

    def read_on():
        try:
            for row in rows:
                waiting.put(row)
            waiting.put(_END)
        except Exception as error:
            waiting.put(error)

    threading.Thread(target=read_on, daemon=True).start()
    last = None
    while last is None:
        some = [waiting.get()]
        while len(some) < ROWS_TOGETHER and not waiting.empty():
            some.append(waiting.get_nowait())
        if some[-1] is _END or isinstance(some[-1], Exception):
            last = some.pop()
        if some:
            yield some
    if last is not _END:
        raise last


def answered(predictor, rows: list[TextRow], strict: bool) -> Iterator[dict]:
    """Give an object for each row, with its line and perhaps its id.

    Raises:
        UserError: in strict mode, at the first row with a problem.
    """
    good = [row.values for row in rows if not row.problem]
    answers = iter(predictor.answer(good))
    for row in rows:
        answer = {"error": row.problem} if row.problem else next(answers)
        if strict and "error" in answer:
            raise UserError(f"line {row.line}: {answer['error']}.")
        named = {"id": row.values["id"]} if "id" in row.values else {}
        yield {"line": row.line, **named, **answer}


if __name__ == "__main__":
    main()
