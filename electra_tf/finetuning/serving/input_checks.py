"""What is wrong with an input to answer before a row is read; no TensorFlow."""

import argparse
import os

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.text_files import UTF_16

# Fields whose columns may have other names.
COLUMNS = ("text", "text_pair", "question", "context", "words", "id")


def check_effect(args: argparse.Namespace, form: str, fields) -> None:
    """Raise `UserError` for what the command line sets without an effect."""
    columns = (*COLUMNS, "choices")
    given = [n for n in columns if getattr(args, f"{n}_column") != n]
    known = {"lines": (), "words": ("words",)}.get(form, fields)
    wrong = [f"--{name}_column" for name in given if name not in known]
    cut = form in ("csv", "tsv", "words") or os.path.isdir(args.input)
    if args.delimiter is not None and not cut:
        wrong.append("--delimiter")
    if wrong:
        raise UserError(
            f"{', '.join(wrong)} has no effect on {form} that are read for "
            f"{', '.join(fields[:-1])}. Leave it out, or set --format."
        )


def check_encoding(path: str, file) -> None:
    """Raise `UserError` for UTF-16, of which half the bytes would be text."""
    if file.peek(2).startswith(UTF_16):
        raise UserError(
            f"{path} is UTF-16. Save it as UTF-8: iconv -f UTF-16 -t UTF-8"
        )
