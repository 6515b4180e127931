"""The rows of a file or stream of texts to answer; no TensorFlow.

Each is a `Record` with its values under the names of a model's fields, and
what is wrong with it where it cannot be read.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator

from electra_tf import command_line
from electra_tf.configs import own_data
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import schema, tables, text_rows
from electra_tf.finetuning.tasks.own_data.own_choices import gathered
from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.tagging.sentence_files import read_sentences
from electra_tf.finetuning.tasks.task import say
from electra_tf.finetuning.tasks.text_files import (
    is_packed,
    read_bytes,
    shown,
)
from electra_tf.io import encodings

# What bytes that are no UTF-8 become when a file is opened with this.
DECODING = {"encoding": "utf-8-sig", "errors": "surrogateescape"}
FORMATS = ("lines", "csv", "tsv", "json", "jsonl", "parquet", "words")
STANDARD_INPUT = "/dev/stdin"
# Fields whose columns may have other names.
COLUMNS = ("text", "text_pair", "question", "context", "words", "id")


def read_rows(
    args: argparse.Namespace, answers, opened: contextlib.ExitStack
) -> Iterator[Record]:
    """Give the rows of the input, their values under the fields' own names.

    `answers`, of a row of `ANSWERS`, has the fields; `opened` closes files.
    """
    fields = (*answers.fields, *answers.optional, "id")
    column = {name: getattr(args, f"{name}_column") for name in fields}
    is_folder = os.path.isdir(args.input)
    usual = "parquet" if is_folder else tables.form_of(args.input) or "lines"
    form = args.format or usual
    _check_effect(args, form, fields)
    if form in ("lines", "words"):
        column = {name: name for name in column}
    if form == "lines":
        source = opened.enter_context(_source(args.input, "\n"))
        if args.format is None:
            source = _texts(source, args.input, answers.fields)
        records = lines(source, answers.in_line)
    elif form == "words":
        records = sentences(args)
    else:
        records = _of_table(form, args, answers, column, opened)
    if "context" in fields:
        records = itertools.chain.from_iterable(map(_questions, records))
    known = {*column.values(), *own_data.names(column.get("choices"))}
    unseen = dict.fromkeys(_named(column))
    unread: dict[str, None] = {}
    ids: set[str] = set()
    repeated = both = 0
    for record in records:
        for name in record.values:
            unseen.pop(name, None)
        unread |= dict.fromkeys(n for n in record.values if n not in known)
        values, problem = _fields(record.values, column, answers.optional)
        if "id" in values:
            repeated += str(values["id"]) in ids
            ids.add(str(values["id"]))
        both += {"text", "words"} <= values.keys()
        problem = record.problem or problem
        yield record._replace(values=values, problem=problem)
    if unread and "context" not in fields:  # Sets of questions have many.
        say(f"{args.input}: columns that are not read: {', '.join(unread)}.")
    if unseen:
        say(f"{args.input}: no row has the columns {', '.join(unseen)}.")
    if both:
        say(f"{args.input}: of {both} rows words are read, and not their text.")
    if repeated:
        say(f"{args.input}: {repeated} rows have the id of a row before them.")


def _check_effect(args: argparse.Namespace, form: str, fields) -> None:
    """Raise `UserError` for what the command line sets without an effect."""
    columns = (*COLUMNS, "choices")
    given = [n for n in columns if getattr(args, f"{n}_column") != n]
    known = {"lines": (), "words": ("words",)}.get(form, fields)
    wrong = [f"--{name}_column" for name in given if name not in known]
    cut = form in ("csv", "tsv", "words") or os.path.isdir(args.input)
    if args.delimiter is not None and not cut:
        wrong.append("--delimiter")
    if form == "words" and "words" not in fields:
        raise UserError(
            "--format=words is read by models that tag words. Received: one "
            f"that is asked {', '.join(fields[:-1])}."
        )
    if args.format and os.path.isdir(args.input):
        raise UserError(
            "--format has no effect on a folder, whose files are read by their "
            f"names. Received: {args.input!r}. Leave it out, or give a file."
        )
    if wrong:
        raise UserError(
            f"{', '.join(wrong)} has no effect on {form} that are read for "
            f"{', '.join(fields[:-1])}. Leave it out, or set --format."
        )


def _named(column: dict[str, str]) -> list[str]:
    """Return the columns that were named, not those that are so by default."""
    given = {name: key for name, key in column.items() if key != name}
    choices = own_data.names(given.pop("choices", None))
    return [*given.values(), *choices]


def lines(source: Iterable[str], names: tuple[str, ...]) -> Iterator[Record]:
    """Give a row a line; a tab parts the first text from the second.

    Where `names` has one name, it is a character of the text. Choices are all
    that follows the text, with tabs between.

    >>> [row.values for row in lines(["a b\\n", "c\\td\\n"], ("text", "pair"))]
    [{'text': 'a b'}, {'text': 'c', 'pair': 'd'}]
    """
    most = -1 if "choices" in names else len(names) - 1
    for number, line in enumerate(source, 1):
        parts: list = line.rstrip("\r\n").split("\t", most)
        if most < 0:
            parts = [parts[0], parts[1:]]
        values = dict(zip(names, parts, strict=False))
        yield Record(f"line {number}", values, line=number)


def _texts(
    source: Iterable[str], path: str, fields: tuple[str, ...]
) -> Iterator[str]:
    """Give lines that nobody called so, but refuse what is a table or JSON."""
    for number, line in enumerate(source):
        is_other = not number and (
            _is_header(line, fields) or _is_object(line, fields)
        )
        if is_other:
            raise UserError(
                f"{path} begins as a table or as JSON with {fields[0]!r}. Say "
                "which by --format, or that it is plain lines by "
                f"--format=lines. Read: {shown(line.strip())}"
            )
        yield line


def _is_header(line: str, fields: tuple[str, ...]) -> bool:
    """Return whether a line has names alone, a field's among them.

    >>> _is_header("text,label\\n", ("text",)), _is_header("text\\n", ("text",))
    (True, False)
    """
    cells = re.split(r"[,;\t|]", line.strip().replace('"', ""))
    named = all(re.fullmatch(r"\w+", cell) for cell in cells)
    return named and len(cells) > 1 and fields[0] in cells


def _is_object(line: str, fields: tuple[str, ...]) -> bool:
    """Return whether a line is, or begins, JSON with a field."""
    begins = re.match(r'\s*\[?\s*\{\s*"', line) is not None
    return line.strip() in ("[", "{") or (begins and f'"{fields[0]}"' in line)


def _source(path: str, newline: str):
    """Open a text file, packed or not, or standard input."""
    if path == "-":
        stream = command_line.standard("stdin")
        encodings.check("Standard input", stream.buffer.peek(encodings.ENOUGH))
        stream.reconfigure(**DECODING, newline=newline)
        return contextlib.nullcontext(stream)
    if os.path.isfile(path) and is_packed(path):
        content = read_bytes(path)[1]
        encodings.check(path, content)
        return io.StringIO(content.decode(*DECODING.values()), newline)
    opened = open(path, **DECODING, newline=newline)  # noqa: SIM115
    encodings.check(path, opened.buffer.peek(encodings.ENOUGH))
    return opened


def _of_table(
    form: str, args, answers, column: dict, opened
) -> Iterator[Record]:
    """Give the rows of a table or of JSON."""
    path, first = args.input, column[answers.fields[0]]
    delimiter = own_data.character(args.delimiter)
    if os.path.isdir(path):
        _, columns, records = tables.read_table(path, delimiter, say)
    elif form == "parquet":
        content = read_bytes(STANDARD_INPUT if path == "-" else path)[1]
        columns, records = tables.columnar_rows(content, path)
    elif form in ("json", "jsonl"):
        source = opened.enter_context(_source(path, "\n"))
        return text_rows.json_rows(source, path, first, say)
    else:
        quoted = form == "csv"
        source = opened.enter_context(_source(path, "" if quoted else "\n"))
        columns, records = text_rows.delimited(
            source, path, delimiter, quoted, say
        )
    if not {first, column.get("words")} & {*columns}:
        raise UserError(
            f"The first row must name the columns, {first!r} among them. "
            f"Received: {columns}. Name another column by "
            f"--{answers.fields[0]}_column, or the format by --format."
        )
    if absent := [name for name in _named(column) if name not in columns]:
        raise UserError(
            f"{path} must have the columns {', '.join(absent)}, which were "
            f"named. Received: {columns}."
        )
    return iter(records)


def sentences(args: argparse.Namespace) -> Iterator[Record]:
    """Give the sentences of a file with a word a line, as training reads it."""
    path = STANDARD_INPUT if args.input == "-" else args.input
    name = None if args.words_column == "words" else args.words_column
    delimiter = own_data.character(args.delimiter)
    usual = "," if tables.form_of(path) == "csv" else None
    found = read_sentences(
        *(path, False, name, None, say), delimiter=delimiter, usual=usual
    )
    for sentence in found:
        line = int(sentence.where.rpartition(" ")[2])
        yield Record(sentence.where, {"words": sentence.words}, line=line)


def _questions(record: Record) -> Iterator[Record]:
    """Give the questions of an article or passage; of a row, itself."""
    table = tables.Table(record.where, [], [record])
    of_layout = passages.LAYOUTS[passages.layout_of(table)][1]
    for row in of_layout(table):
        yield row._replace(line=record.line)


def _fields(
    values: dict, column: dict[str, str], optional: tuple[str, ...]
) -> tuple[dict, str]:
    """Return the values of a row by field, and what is wrong with them.

    Numbers become text, as in training.
    """
    found: dict = {}
    problem = ""
    for name, key in column.items():
        if name == "choices":
            try:
                chosen = gathered(values, own_data.names(key))
            except UserError as error:
                problem = str(error)
            else:
                found[name] = [text for _, text in chosen]
            continue
        value = values.get(key)
        is_none = schema.is_nothing(value)
        if is_none and (name in optional or not isinstance(value, str)):
            continue
        if name != "id" and not is_none:
            read = schema.texts if name == "words" else schema.text
            # Of another value the predictor says what it expects.
            with contextlib.suppress(TypeError, ValueError):
                value = read(value)
        found[name] = value
    try:
        json.dumps(found, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        return {}, "not UTF-8 text"
    return found, problem
