"""Marks the tokens that a pre-trained discriminator believes replaced.

    python -m electra_tf.pretraining.detect --model_folder FOLDER "text" ...

FOLDER is a run, a model folder or any other model that
`electra_tf.conversion` reads. Without texts, lines of standard input are
read. On a terminal the tokens are coloured, elsewhere `!` and the probability
follow them; --json writes an object a text, --html a page on which a token is
the redder the likelier it was replaced. With --corrupt the generator of a
run replaces tokens first. If many tokens are [UNK], a warning at the end says
why.
"""

import argparse
import itertools
import json
import os
import sys

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.pretraining import input_lines
from electra_tf.text import unknown
from electra_tf.text.unknown import Counts
from electra_tf.text.vocabulary import UNK

# Tokens above this are marked: more likely replaced than not.
THRESHOLD = 0.5


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    lines = input_lines.of_standard_input()
    texts = args.texts or map(str.strip, lines)
    with command_line.errors_of("detect"):
        if not 0 <= args.threshold <= 1:
            raise UserError(
                f"--threshold must be 0 to 1. Received: {args.threshold}."
            )
        if args.html and args.threshold != THRESHOLD:
            raise UserError("--threshold has no effect on the page of --html.")
        if args.seed and not args.corrupt:
            raise UserError("--seed has no effect without --corrupt.")
        from electra_tf.pretraining import detector

        command_line.write_utf_8()
        look, tokenizer = _looking(detector, args)
        counts = Counts()

        def look_at(number: int, text: str) -> list:
            nonlocal counts
            tokens = look(text, args.seed + number)
            pieces = [token.original for token in tokens]
            counts += Counts(len(pieces), pieces.count(UNK))
            return tokens

        found = itertools.starmap(look_at, enumerate(texts))
        lines = (_shown(detector, args, tokens) for tokens in found)
        try:
            for line in detector.page(found) if args.html else lines:
                print(line, flush=True)
        except BrokenPipeError:
            command_line.discard_output()
        unknown.warn("detect", counts, tokenizer)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser(
        "electra_tf.pretraining.detect",
        "Marks the tokens that a discriminator believes replaced.",
    )
    add = made.add_argument
    add("texts", nargs="*", help="texts; without, lines of standard input")
    add("--model_folder", required=True, help="run, model folder or other")
    threshold_help = "probability above which a token is marked"
    add("--threshold", type=float, default=THRESHOLD, help=threshold_help)
    written = made.add_mutually_exclusive_group().add_argument
    written("--json", action="store_true", help="write an object a text")
    html_help = "write a page, the redder the surer"
    written("--html", action="store_true", help=html_help)
    corrupt_help = "let the generator of a run replace tokens first"
    add("--corrupt", action="store_true", help=corrupt_help)
    add("--seed", type=int, default=0, help="of the replacements")
    return made


def _looking(detector, args: argparse.Namespace):
    """Return the function from a text and a seed to tokens; its tokenizer."""
    if not args.corrupt:
        look = detector.Detector(args.model_folder)
        return lambda text, seed: look(text), look.tokenizer
    pretrainer, tokenizer = detector.load(args.model_folder)

    def corrupt(text: str, seed: int) -> list:
        detect = detector.corrupt_and_detect
        return detect(pretrainer, tokenizer, [text], seed)[0]

    return corrupt, tokenizer


def _shown(detector, args: argparse.Namespace, tokens: list) -> str:
    """Return what to print of a text's tokens."""
    if args.json:
        rows = [
            {**token._asdict(), "suspected": token.probability > args.threshold}
            for token in tokens
        ]
        return json.dumps({"tokens": rows}, ensure_ascii=False)
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    show = detector.coloured if colours else detector.marked
    return show(tokens, args.threshold)


if __name__ == "__main__":
    main()
