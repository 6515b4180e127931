"""Answers texts by a fine-tuned model: lines in, JSON lines out.

    python -m electra_tf.finetuning.predict --model_folder FOLDER --input -

reads standard input as it comes and writes an object a row, in the rows'
order, each with the number of its line. A row that cannot be answered gives an
object with `error`, and the others are answered all the same; with --strict it
ends the program.
"""

import argparse
import contextlib
import itertools
import json
import os
import queue
import stat
import sys
import threading
from collections.abc import Iterable, Iterator

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.serving import answers, input_rows
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.task import say
from electra_tf.io import files
from electra_tf.text import unknown

# Rows that are answered together: enough to find many of like length. Twice
# as many at most are in memory.
ROWS_TOGETHER = 1024
_END = object()


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    with command_line.errors_of("predict"):
        files.check_writable(args.output, "--output")
        check_other_file(args.input, args.output)
        try:
            with files.at_hand([args.input]) as (args.input,):
                predict(args)
        except BrokenPipeError:
            command_line.discard_output()
            sys.exit(1)


def check_other_file(source: str, sink: str) -> None:
    """Refuse to write to the file that is read, by whatever name or link.

    Raises:
        UserError: when both are one file.
    """
    try:
        read, written = (
            os.fstat(stream) if path == "-" else os.stat(path)
            for path, stream in ((source, 0), (sink, 1))
        )
    except OSError:
        return  # It is not there yet.
    if os.path.samestat(read, written) and stat.S_ISREG(read.st_mode):
        raise UserError(
            "--input and --output are one file, which would be lost. Received: "
            f"{source!r} and {sink!r}."
        )


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
        choices=input_rows.FORMATS,
        help="of the input; default: by the file's name, or else lines; "
        "`words` has a word a line, and an empty one after each sentence",
    )
    add("--delimiter", help="of columns; default: comma, tab or what is found")
    add("--task", help="which task, where the model has several")
    add("--batch_size", type=int, default=32, help="inputs computed together")
    add("--strict", action="store_true", help="stop at the first bad row")
    for name in input_rows.COLUMNS:
        add(
            f"--{name}_column",
            default=name,
            metavar="NAME",
            help=f"column or JSON key of {name}; default {name}",
        )
    add(
        "--choices_column",
        default="choices",
        metavar="NAMES",
        help="column or JSON key of a list of choices, or those of the choices "
        "with commas between; default choices",
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
    asked = answers.of(tuned, tuned.task(args.task))
    with contextlib.ExitStack() as opened:
        rows = input_rows.read_rows(args, asked, opened)
        # Mistakes show before TensorFlow is there, and an output is emptied.
        first = next(rows, None)
        sink = opened.enter_context(_sink(args.output))
        if first is None:
            say(f"{args.input} holds no row.")
            return
        from electra_tf.finetuning.serving.text_predictor import TextPredictor

        command_line.leave_graphs_as_they_are()
        predictor = TextPredictor(tuned, args.task, args.batch_size)
        for some in together(itertools.chain([first], rows)):
            for answer in answered(predictor, some, args.strict):
                sink.write(as_json(answer) + "\n")
            sink.flush()
    unknown.warn("predict", predictor.unknown, predictor.tokenizer)


def as_json(answer: dict) -> str:
    """Return an answer as JSON that any program reads.

    >>> as_json({"line": 1, "score": float("nan")})
    '{"line": 1, "error": "the answer or the id holds what JSON cannot"}'
    """
    try:
        return _strict_json(answer)
    except ValueError:  # A number that is none, half a pair of surrogates.
        problem = "the answer or the id holds what JSON cannot"
        return _strict_json({"line": answer["line"], "error": problem})


def _strict_json(values: dict) -> str:
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, default=str)
    text.encode()
    return text


def _sink(path: str):
    """Open a file for writing, or standard output."""
    if files.is_remote(path):
        return _remote_sink(path)
    if path != "-":
        return open(path, "w", encoding="utf-8", newline="")
    return contextlib.nullcontext(command_line.write_utf_8())


@contextlib.contextmanager
def _remote_sink(path: str):
    """Yield a file that is sent to its store when it is whole."""
    with (
        files.writing(path) as here,
        here.open("w", encoding="utf-8", newline="") as file,
    ):
        yield file


def together(rows: Iterable[Record]) -> Iterator[list[Record]]:
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


def answered(predictor, rows: list[Record], strict: bool) -> Iterator[dict]:
    """Give an object for each row, with its line and perhaps its id.

    Raises:
        UserError: in strict mode, at the first row with a problem.
    """
    good = [row.values for row in rows if not row.problem]
    found = iter(predictor.answer(good))
    for row in rows:
        answer = {"error": row.problem} if row.problem else next(found)
        if strict and "error" in answer:
            raise UserError(f"line {row.line}: {answer['error']}.")
        named = {"id": row.values["id"]} if "id" in row.values else {}
        yield {"line": row.line, **named, **answer}


if __name__ == "__main__":
    main()
