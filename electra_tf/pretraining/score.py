"""Scores texts by a pre-trained model, and re-ranks n-best lists by it.

    python -m electra_tf.pretraining.score --model_folder RUN --input -
    python -m electra_tf.pretraining.score --model_folder RUN \
        --input nbest.jsonl --rerank --dev dev.jsonl
    python -m electra_tf.pretraining.score --model_folder RUN --input - --fill

RUN is what run_pretraining.py wrote, or a model folder of conversion. A text a
line comes in, or with --json_lines an object with "text" a line; an object a
line goes out, in the order of the input, while it comes in. A line that cannot
be scored gives an object with `error`, and the others are scored all the same;
with --strict it ends the program. See docs/explanation/objectives.md.
"""

import argparse
import functools
import itertools
import json
import math
import sys
import typing
from collections.abc import Callable, Iterable, Iterator

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import files
from electra_tf.io.json_text import parsed_json
from electra_tf.pretraining import input_lines
from electra_tf.text import unknown

MASK = "[MASK]"
# What flags have an effect on; others have it on all.
_EFFECTS = {
    "method": ("scores", "rerank"),
    "json_lines": ("scores", "fill"),
    "per_token": ("scores",),
    "rerank": ("rerank",),
    "weight": ("rerank",),
    "dev": ("rerank",),
    "candidates": ("fill",),
    "top": ("fill",),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    if args.rerank and (args.weight is None) == (args.dev is None):
        sys.exit("score: --rerank needs either --weight or --dev")
    with command_line.errors_of("score"):
        try:
            _run(args)
        except BrokenPipeError:
            command_line.discard_output()


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser(
        "electra_tf.pretraining.score", "Scores texts by a pre-trained model."
    )
    add = made.add_argument
    add("--model_folder", required=True, help="a run or a model folder")
    add("--input", required=True, help="file, or - for standard input")
    add("--json_lines", action="store_true", help='a {"text": ...} a line')
    add(
        "--method",
        choices=("electric", "two_tower", "masked_lm", "electra"),
        help="default: the one that fits the run's objective",
    )
    add("--batch_size", type=int, default=32, help="default 32")
    add("--strict", action="store_true", help="stop at the first bad line")
    add("--per_token", action="store_true", help="also each token's score")
    add("--rerank", action="store_true", help="n-best lists come in")
    add("--weight", type=float, help="of the likelihood in --rerank")
    add(
        "--dev",
        help="n-best lists with references, to find the weight of the fewest "
        "word errors; of scripts without blanks between words, such as Chinese "
        "or Thai, each character counts as a word",
    )
    add(
        "--fill",
        action="store_true",
        help=f"show the likeliest tokens for {MASK}",
    )
    add("--candidates", type=int, default=100, help="tokens to try; 100")
    add("--top", type=int, default=5, help="tokens to show; 5")
    return made


def _run(args: argparse.Namespace) -> None:
    from electra_tf.pretraining import scoring

    _check(args)
    command_line.write_utf_8()
    method = "masked_lm" if args.fill else args.method
    model = scoring.load(args.model_folder)
    scorer = scoring.TextScorer(*model, method, args.batch_size)
    rows_of = _filled if args.fill else _reranked if args.rerank else _scored
    for row in rows_of(scorer, _lines(args.input), args):
        print(_json(row), flush=True)
    unknown.warn("score", scorer.unknown, scorer.tokenizer)


def _check(args: argparse.Namespace) -> None:
    """Raise `UserError` for numbers below 1, and flags without an effect."""
    for name in ("batch_size", "candidates", "top"):
        if getattr(args, name) < 1:
            raise UserError(
                f"--{name} must be at least 1. Received: {getattr(args, name)}."
            )
    if args.weight is not None and not math.isfinite(args.weight):
        raise UserError(f"--weight must be finite. Received: {args.weight}.")
    usual = vars(parser().parse_args(["--model_folder=", "--input="]))
    mode = "fill" if args.fill else "rerank" if args.rerank else "scores"
    wrong = [
        name
        for name, modes in _EFFECTS.items()
        if getattr(args, name) != usual[name] and mode not in modes
    ]
    if wrong:
        raise UserError(
            f"{', '.join(f'--{name}' for name in wrong)} has no effect on "
            f"{mode}. Leave it out."
        )


def _lines(path: str) -> Iterator[str]:
    """Yield the lines of a file, or of standard input as they come."""
    if path == "-":
        yield from input_lines.of_standard_input()
        return
    with files.open_stream(path) as raw:
        yield from input_lines.decoded(raw, path)


def _rows(
    lines: Iterable[str], read: Callable, make: Callable, strict: bool
) -> Iterator[tuple[dict, typing.Any]]:
    """Yield the row that `read` finds in a line, and what `make` makes of it.

    A line that is wrong gives a row with `error` and None, or ends the program
    in strict mode. `line` is always its number, whatever the row says.
    """
    for number, line in enumerate(lines, start=1):
        row, made = {}, None
        try:
            row = read(line.rstrip("\n"))
            row.pop("error", None)  # There is none yet.
            made = make(row)
        except UserError as error:
            if strict:
                raise UserError(f"line {number}: {error}") from None
            row["error"] = str(error)
        yield {"line": number} | row | {"line": number}, made


def _object(line: str, field: str) -> dict:
    """Parse a line that must be an object with a field."""
    row = parsed_json(line)
    of = str if field in ("text", "reference") else list
    if not isinstance(row, dict) or not isinstance(row.get(field), of):
        raise UserError(
            f"expected an object with {field!r}. Received: {line[:80]}"
        )
    return row


def _texts(lines: Iterable[str], make: Callable, args):
    def read(line: str) -> dict:
        return _object(line, "text") if args.json_lines else {"text": line}

    return _rows(lines, read, make, args.strict)


def _json(row: dict) -> str:
    return json.dumps(row, ensure_ascii=False)


def _batches(rows: Iterable, size: int) -> Iterator[list]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _scored(scorer, lines, args) -> Iterator[dict]:
    rows = _texts(lines, lambda row: scorer.ids(row["text"]), args)
    for some in _batches(rows, args.batch_size):
        texts = [ids for _, ids in some if ids is not None]
        found = iter(scorer.scores(texts))
        for row, ids in some:
            if ids is not None:
                pieces, scores = next(found)
                row["score"] = sum(scores)
                row["tokens"] = len(pieces)
                if args.per_token:
                    row["token_scores"] = [*zip(pieces, scores, strict=True)]
            yield row


def _filled(scorer, lines, args) -> Iterator[dict]:
    def fill(row: dict):
        if row["text"].count(MASK) != 1:
            raise UserError(
                f"expected one {MASK}. Received: {row['text'][:80]!r}"
            )
        return scorer.fill(*row["text"].split(MASK), args.candidates)

    for row, found in _texts(lines, fill, args):
        if found is not None:
            row["candidates"] = [
                {"token": token, "probability": probability}
                for token, probability in found[: args.top]
            ]
        yield row


def _reranked(scorer, lines, args) -> Iterator[dict]:
    from electra_tf.pretraining import rerank

    rated = functools.partial(_rated, scorer)
    weight = args.weight
    if weight is None:
        rows = _rows(_lines(args.dev), _with_reference, rated, strict=True)
        try:
            lists = [row for row, _ in rows]
        except UserError as error:
            raise UserError(f"{args.dev}, {error}") from None
        if not any(rerank.words_of(each["reference"]) for each in lists):
            raise UserError(f"{args.dev} must hold references with words.")
        weight = rerank.tuned_weight(lists)
        rates = [rerank.word_error_rate(lists, w) for w in (0.0, weight)]
        print(
            f"score: weight {weight}, word error rate of {args.dev} "
            f"{rates[1]:.2%}, without the model {rates[0]:.2%}",
            file=sys.stderr,
        )
    for row, hypotheses in _rows(lines, _n_best, rated, args.strict):
        if hypotheses is not None:
            row["best"] = best = rerank.best(hypotheses, weight)
            row |= {"text": hypotheses[best]["text"], "weight": weight}
        yield row


def _n_best(line: str) -> dict:
    return _object(line, "hypotheses")


def _with_reference(line: str) -> dict:
    return _object(line, "reference") and _n_best(line)


def _rated(scorer, row: dict) -> list[dict]:
    """Add the model's score to each hypothesis of a list.

    One without a token has none, for there is nothing to predict.
    """
    hypotheses = row["hypotheses"]
    if not hypotheses or not all(
        isinstance(one, dict)
        and isinstance(one.get("text"), str)
        and isinstance(one.get("score"), int | float)
        and math.isfinite(one["score"])
        for one in hypotheses
    ):
        raise UserError(
            "hypotheses must be objects with 'text' and a finite 'score', one "
            f"at least. Received: {_json(row)[:80]}"
        )
    keeps_any = scorer.tokenizer.basic.keeps_any
    scored = [one for one in hypotheses if keeps_any(one["text"])]
    found = scorer.scores([scorer.ids(one["text"]) for one in scored])
    for one in hypotheses:
        one["likelihood"] = None
    for one, (_, scores) in zip(scored, found, strict=True):
        one["likelihood"] = sum(scores)
    return hypotheses


if __name__ == "__main__":
    main()
