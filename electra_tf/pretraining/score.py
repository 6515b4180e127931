"""Scores texts by a pre-trained model, and re-ranks n-best lists by it.

    python -m electra_tf.pretraining.score --model_folder RUN --input -
    python -m electra_tf.pretraining.score --model_folder RUN \
        --input nbest.jsonl --rerank --dev dev.jsonl
    python -m electra_tf.pretraining.score --model_folder RUN --input - --fill

RUN is what run_pretraining.py wrote, or a model folder of conversion. A text a
line comes in, or with --json_lines an object with "text" a line; an object a
line goes out, in the order of the input, while it comes in. See
docs/explanation/objectives.md.
"""

import argparse
import itertools
import json
import math
import sys
from collections.abc import Iterable, Iterator

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import files

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
    add("--input", required=True, help="file of texts, - for standard input")
    add("--json_lines", action="store_true", help='a {"text": ...} a line')
    add(
        "--method",
        choices=("electric", "two_tower", "masked_lm", "electra"),
        help="default: the one that fits the run's objective",
    )
    add("--batch_size", type=int, default=32, help="default 32")
    add("--per_token", action="store_true", help="also each token's score")
    add("--rerank", action="store_true", help="n-best lists come in")
    add("--weight", type=float, help="of the model's score when re-ranking")
    add(
        "--dev",
        help="n-best lists with references, to find the weight of the fewest "
        "word errors; of scripts without blanks between words, such as Chinese "
        "or Thai, each character counts as a word",
    )
    add("--fill", action="store_true", help=f"tell what {MASK} stands for")
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
        yield from command_line.lines_of_standard_input()
        return
    with files.open_stream(path) as raw:
        yield from command_line.decoded_lines(raw, path)


def _texts(lines: Iterable[str], args) -> Iterator[dict]:
    """Yield a dict with "text" for each line; "line" is its number."""
    for number, line in enumerate(lines, start=1):
        text = line.rstrip("\n")
        row = _object(text, number, "text") if args.json_lines else None
        yield {"line": number, **(row or {"text": text})}


def _object(line: str, number: int, field: str) -> dict:
    """Parse a line that must be an object with a field."""
    try:
        row = json.loads(line)
        _json(row).encode()  # It may hold half of a pair of surrogates.
    except (ValueError, RecursionError) as error:
        raise UserError(f"line {number} is no JSON: {error}.") from None
    of = str if field in ("text", "reference") else list
    if not isinstance(row, dict) or not isinstance(row.get(field), of):
        raise UserError(
            f"line {number} must be an object with {field!r}. Received: "
            f"{line[:80]}"
        )
    return row


def _json(row: dict) -> str:
    return json.dumps(row, ensure_ascii=False)


def _batches(rows: Iterable, size: int) -> Iterator[list]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _scored(scorer, lines, args) -> Iterator[dict]:
    for rows in _batches(_texts(lines, args), args.batch_size):
        names = [f"line {row['line']}" for row in rows]
        found = scorer.scores([row["text"] for row in rows], names)
        for row, (pieces, scores) in zip(rows, found, strict=True):
            row["score"] = sum(scores)
            row["tokens"] = len(pieces)
            if args.per_token:
                row["token_scores"] = list(zip(pieces, scores, strict=True))
            yield row


def _filled(scorer, lines, args) -> Iterator[dict]:
    for row in _texts(lines, args):
        if row["text"].count(MASK) != 1:
            raise UserError(
                f"line {row['line']} must have one {MASK}. Received: "
                f"{row['text'][:80]!r}"
            )
        before, after = row["text"].split(MASK)
        found = scorer.fill(
            before, after, args.candidates, f"line {row['line']}"
        )
        row["candidates"] = [
            {"token": token, "probability": probability}
            for token, probability in found[: args.top]
        ]
        yield row


def _reranked(scorer, lines, args) -> Iterator[dict]:
    from electra_tf.pretraining import rerank

    weight = args.weight
    if weight is None:
        dev = _lines(args.dev)
        lists = list(_with_likelihoods(scorer, dev, ("reference",)))
        if not any(rerank.words_of(each["reference"]) for each in lists):
            raise UserError(f"{args.dev} must hold references with words.")
        weight = rerank.tuned_weight(lists)
        rates = [rerank.word_error_rate(lists, w) for w in (0.0, weight)]
        print(
            f"score: weight {weight}, word error rate of {args.dev} "
            f"{rates[1]:.2%}, without the model {rates[0]:.2%}",
            file=sys.stderr,
        )
    for row in _with_likelihoods(scorer, lines):
        hypotheses = row["hypotheses"]
        row["best"] = rerank.best(hypotheses, weight)
        yield {**row, "text": hypotheses[row["best"]]["text"], "weight": weight}


def _with_likelihoods(scorer, lines, fields=()) -> Iterator[dict]:
    """Yield n-best lists, the model's score with each hypothesis."""
    for number, line in enumerate(lines, start=1):
        for field in ("hypotheses", *fields):
            row = _object(line, number, field)
        hypotheses = row["hypotheses"]
        if not hypotheses or not all(
            isinstance(one, dict)
            and isinstance(one.get("text"), str)
            and isinstance(one.get("score"), int | float)
            and math.isfinite(one["score"])
            for one in hypotheses
        ):
            raise UserError(
                f"line {number}: hypotheses must be objects with 'text' and a "
                f"finite 'score', one at least. Received: {line[:80]}"
            )
        texts = [one["text"] for one in hypotheses]
        found = scorer.scores(texts, [f"line {number}"] * len(texts))
        for one, (_, scores) in zip(hypotheses, found, strict=True):
            one["likelihood"] = sum(scores)
        yield {"line": number, **row}


if __name__ == "__main__":
    main()
