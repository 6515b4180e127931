"""Converts weights from one format to another.

    python -m electra_tf.conversion.convert --from PATH --to FOLDER \
        --format model_folder

What PATH holds is told from what lies there: a run's checkpoints, a model
folder, a checkpoint of the original, a Hugging Face folder or a KerasHub
preset. The program says what it took over and what it left out, reads what it
wrote and ends with the largest difference.
"""

import argparse
import collections

import numpy as np

from electra_tf import command_line
from electra_tf.configs import ACTIVATIONS, TokenizerConfig
from electra_tf.configs.tokenizer import UNNAMED
from electra_tf.conversion import formats, layout, staging
from electra_tf.conversion.model import Model, shapes_of
from electra_tf.errors import UserError
from electra_tf.io import files

# Options that say what a model's own files may say, too.
SAID_BY_FILES = ("num_attention_heads", "hidden_act")
# Flags with other names than their settings.
FLAGS = {
    "do_lower_case": "--cased",
    "strip_accents": "--keep_accents",
    "tokenize_chinese_chars": "--keep_chinese_words",
}


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    with command_line.errors_of("convert"):
        convert(args)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser(
        "electra_tf.conversion.convert",
        "Converts weights from one format to another.",
    )
    add = made.add_argument
    add("--from", dest="source", required=True, help="folder or checkpoint")
    add("--to", required=True, help="folder to make")
    written = [name for name, form in formats.FORMATS.items() if form.write]
    add("--format", choices=written, default="model_folder")
    add("--vocab_file", help="vocabulary, where PATH has none")
    add(
        "--num_attention_heads",
        type=int,
        help="of a checkpoint without config; default: 1 for 64 units",
    )
    add(
        "--cased",
        dest="do_lower_case",
        action="store_false",
        help="the text of a checkpoint without config was not lower-cased, "
        "nor that of a KerasHub preset without tokenizer",
    )
    add(
        "--keep_accents",
        dest="strip_accents",
        action="store_const",
        const=False,
        help="the text of a checkpoint without config kept its accents, "
        "though it was lower-cased",
    )
    add(
        "--keep_chinese_words",
        dest="tokenize_chinese_chars",
        action="store_false",
        help="the text of a checkpoint without config was not cut at each "
        "Chinese character",
    )
    add(
        "--max_input_chars_per_word",
        type=int,
        default=UNNAMED["max_input_chars_per_word"],
        help="longest word that a checkpoint without config was trained to "
        "read (default 200)",
    )
    add(
        "--leave_out",
        nargs="+",
        default=[],
        metavar="NAME",
        help="variables, or the scopes above them, not to take over",
    )
    add(
        "--optimizer",
        action="store_true",
        help="write Adam's slots as well (tf1_checkpoint)",
    )
    add(
        "--part",
        help="what of the model a Hugging Face folder holds: encoder, "
        "discriminator, generator, classification, token_classification or "
        "question_answering",
    )
    add(
        "--hidden_act",
        choices=ACTIVATIONS,
        help="activation that a KerasHub preset's weights were trained with; "
        "default: gelu_new, which KerasHub computes. The released ELECTRA "
        "models were trained with gelu",
    )
    add("--generator", help="folder of the generator, where PATH has none")
    add("--task", help="name of the head, where there are several")
    add("--labels", nargs="+", default=[], help="names of the head's outputs")
    return made


def convert(args: argparse.Namespace) -> None:
    """Read, write, read what was written, and compare."""
    files.check_writable(args.to, "--to")
    options = dict(vars(args))
    source, target = options.pop("source"), options.pop("to")
    chosen, vocab_file = options.pop("format"), options["vocab_file"]
    if vocab_file and not files.exists(vocab_file):
        raise FileNotFoundError(f"No vocabulary file at {vocab_file}.")
    with staging.at_hand(source) as here:
        detected = formats.detect(here)
        _check_effect(options, detected, chosen)
        model = formats.read(here, detected, tell=False, **options)
    _check_said(options, source, model)
    print(f"From {source} ({detected}):")
    _print_lines(summary(model))
    written = formats.write(target, model, chosen, **options)
    print(f"To {target} ({chosen}):")
    _print_lines(not_written(model, written))
    # What was written has its vocabulary, all parts, and nothing to leave out.
    unasked = {"vocab_file": None, "generator": None, "leave_out": ()}
    _print_lines(measured(target, chosen, written, {**options, **unasked}))


def _given(options: dict) -> dict:
    """Return the options that the command line sets."""
    usual = vars(parser().parse_args(["--from=", "--to="]))
    return {n: v for n, v in options.items() if v != usual[n]}


def _check_effect(options: dict, detected: str, chosen: str) -> None:
    """Raise `UserError` for options of other formats."""
    of_models = {*SAID_BY_FILES, *TokenizerConfig.__dataclass_fields__}
    known = formats.options(detected, chosen) | of_models
    if wrong := [f"--{name}" for name in _given(options) if name not in known]:
        raise UserError(
            f"{', '.join(wrong)} has no effect from {detected} to {chosen}. "
            "Leave it out."
        )


def _check_said(options: dict, source: str, model: Model) -> None:
    """Raise `UserError` for options that the model's files contradict."""
    said = TokenizerConfig.of(model.config).tokenizer_settings
    for name in SAID_BY_FILES:
        said[name] = getattr(model.config.encoder, name)
    for name, value in _given(options).items():
        if value != said.get(name, value):
            raise UserError(
                f"{name} is {said[name]!r} by the files of {source}. Received: "
                f"{value!r}. Leave {FLAGS.get(name, f'--{name}')} out."
            )


def _print_lines(lines: list[str]) -> None:
    for line in lines:
        print(f"  {line}")


def summary(model: Model) -> list[str]:
    """Say what was read: arrays and numbers of each part, and what was not."""
    counts: dict[str, list[int]] = collections.defaultdict(list)
    for name, array in model.variables.items():
        counts[name.split("/")[0]].append(array.size)
    lines = [
        f"{part}: {len(sizes)} arrays, {sum(sizes):,} numbers"
        for part, sizes in counts.items()
    ]
    settings = TokenizerConfig.of(model.config).tokenizer_settings
    text = ", ".join(f"{name} {value}" for name, value in settings.items())
    lines += [f"activation: {model.config.encoder.hidden_act}", f"text: {text}"]
    lines += [f"left out {name}: {why}" for name, why in model.left_out.items()]
    return lines


def not_written(model: Model, written: Model) -> list[str]:
    """Say what of a model was not written."""
    lines = [
        f"left out {name}: {why}"
        for name, why in written.left_out.items()
        if name not in model.left_out
    ]
    # A generator alone has other names, so arrays are counted.
    lost = len(model.variables) - len(written.variables)
    if lost > 0 and not lines:
        lines.append(f"left out {lost} arrays of parts that were not asked for")
    if model.slots and not written.slots:
        lines.append(f"left out the optimizer's {len(model.slots)} slots")
    return lines


def measured(path: str, form: str, written: Model, options: dict) -> list[str]:
    """Read what was written; say how far it is from what was meant."""
    lines = []
    if formats.FORMATS[form].read:
        again = formats.read(path, form, tell=False, **options)
        lines += compared(written, again)
    difference = formats.difference(path, written, form)
    if difference is not None:
        lines.append(
            f"largest difference of the sequence output: {difference:g}"
        )
    return lines


def compared(written: Model, again: Model) -> list[str]:
    """Say how exactly a model was written, by the one that was read again."""
    lines = []
    for kind in ("variables", "slots"):
        expected, received = getattr(written, kind), getattr(again, kind)
        layout.check(
            shapes_of(expected), shapes_of(received), "What was written"
        )
        if expected:
            # NumPy's maximum keeps NaN, Python's loses it.
            difference = np.max(
                [
                    np.max(np.abs(array - received[name]), initial=0)
                    for name, array in expected.items()
                ]
            )
            lines.append(
                f"read back {len(expected)} {kind}: largest difference "
                f"{difference:g}"
            )
    return lines


if __name__ == "__main__":
    main()
