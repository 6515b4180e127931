"""Converts weights from one format to another.

    python -m electra_tf.conversion.convert --from PATH --to FOLDER \
        --format model_folder

What PATH holds is told from what lies there: a run's checkpoints, a model
folder, a checkpoint of the original or a Hugging Face folder. The program
says what it took over and what it left out, reads what it wrote and ends with
the largest difference.
"""

import argparse
import collections
import os
import sys
from collections.abc import Callable

import numpy as np

from electra_tf.conversion import model_folder
from electra_tf.conversion.model import Model


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        convert(args)
    except (OSError, ValueError) as error:
        sys.exit(f"convert: {error}")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(
        prog="python -m electra_tf.conversion.convert",
        description="Converts weights from one format to another.",
        allow_abbrev=False,
    )
    add = made.add_argument
    add("--from", dest="source", required=True, help="folder or checkpoint")
    add("--to", required=True, help="folder to make")
    add("--format", choices=tuple(WRITERS), default="model_folder")
    add("--vocab_file", help="vocabulary, where PATH has none")
    add(
        "--num_attention_heads",
        type=int,
        help="of a checkpoint without config; default: 1 for 64 units",
    )
    add(
        "--cased",
        action="store_true",
        help="the text of a checkpoint without config was not lower-cased",
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
    return made


def convert(args: argparse.Namespace) -> None:
    """Read, write, read what was written, and compare.

    Raises:
        FileNotFoundError, FileExistsError: for paths that do not do.
        ValueError: for contents that do not.
    """
    kind = detect(args.source)
    model = READERS[kind](args)
    print(f"From {args.source} ({kind}):")
    print("\n".join(f"  {line}" for line in summary(model)))
    WRITERS[args.format](args, model)
    again = _read_back(args)
    print(f"To {args.to} ({args.format}):")
    print("\n".join(f"  {line}" for line in compared(model, again)))


def detect(path: str) -> str:
    """Name the row of `READERS` for what lies at a path.

    Raises:
        FileNotFoundError: when nothing is there.
    """
    config = model_folder.read_json(
        os.path.join(path, model_folder.CONFIG_FILE)
    )
    weights = os.path.join(path, model_folder.WEIGHTS_FILE)
    if config.get("format") == model_folder.FORMAT and os.path.exists(weights):
        return "model_folder"
    from electra_tf.training import checkpoints

    ours = checkpoints.read_training_state(path).ours
    return "training_run" if ours else "tf1_checkpoint"


def summary(model: Model) -> list[str]:
    """Say what was read: arrays and numbers of each part, and what was not."""
    counts: dict[str, list[int]] = collections.defaultdict(list)
    for name, array in model.variables.items():
        counts[name.split("/")[0]].append(array.size)
    lines = [
        f"{part}: {len(sizes)} arrays, {sum(sizes):,} numbers"
        for part, sizes in counts.items()
    ]
    lines += [f"left out {name}: {why}" for name, why in model.left_out.items()]
    return lines


def compared(model: Model, again: Model) -> list[str]:
    """Say what of a model was written, and how exactly.

    Raises:
        ValueError: when more was written than there was.
    """
    lines = []
    written = set(again.variables) & set(model.variables)
    lost = collections.Counter(
        name.split("/")[0] for name in set(model.variables) - written
    )
    lines += [
        f"left out {part}: {count} arrays that this format has no place for"
        for part, count in sorted(lost.items())
    ]
    if model.slots and not again.slots:
        lines.append(f"left out the optimizer's {len(model.slots)} slots")
    difference = max(
        float(np.max(np.abs(model.variables[name] - again.variables[name])))
        for name in written
    )
    slots = f" and {len(again.slots)} slots" if again.slots else ""
    lines.append(
        f"read back {len(written)} arrays{slots}: largest difference "
        f"{difference:g}"
    )
    return lines


def _read_back(args: argparse.Namespace) -> Model:
    written = argparse.Namespace(**vars(args))
    written.source, written.vocab_file, written.leave_out = args.to, None, []
    return READERS[args.format](written)


def _from_model_folder(args) -> Model:
    return model_folder.read(args.source, tuple(args.leave_out))


def _from_training_run(args) -> Model:
    from electra_tf.conversion import training_run

    return training_run.read(
        args.source, args.vocab_file, tuple(args.leave_out)
    )


def _from_tf1_checkpoint(args) -> Model:
    from electra_tf.conversion import tf1_checkpoint

    return tf1_checkpoint.read(
        args.source,
        args.vocab_file,
        args.num_attention_heads,
        not args.cased,
        tuple(args.leave_out),
    )


def _to_model_folder(args, model: Model):
    model_folder.write(args.to, model)


def _to_tf1_checkpoint(args, model: Model):
    from electra_tf.conversion import tf1_checkpoint

    tf1_checkpoint.write(args.to, model, args.optimizer)


READERS: dict[str, Callable[[argparse.Namespace], Model]] = {
    "model_folder": _from_model_folder,
    "training_run": _from_training_run,
    "tf1_checkpoint": _from_tf1_checkpoint,
}
WRITERS: dict[str, Callable[[argparse.Namespace, Model], None]] = {
    "model_folder": _to_model_folder,
    "tf1_checkpoint": _to_tf1_checkpoint,
}


if __name__ == "__main__":
    main()
