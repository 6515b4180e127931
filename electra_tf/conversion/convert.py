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
import dataclasses
import os
from collections.abc import Callable

import numpy as np

from electra_tf import command_line
from electra_tf.configs import ACTIVATIONS
from electra_tf.conversion import layout, model_folder
from electra_tf.conversion.model import Model, shapes_of


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
        help="the text of a checkpoint without config was not lower-cased, "
        "nor that of a KerasHub preset without tokenizer",
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
    """Read, write, read what was written, and compare.

    Raises:
        FileNotFoundError, FileExistsError: for paths that do not do.
        ValueError: for contents that do not.
    """
    if args.vocab_file and not os.path.exists(args.vocab_file):
        raise FileNotFoundError(f"No vocabulary file at {args.vocab_file}.")
    model = _read(args)
    print(f"From {args.source} ({detect(args.source)}):")
    print("\n".join(f"  {line}" for line in summary(model)))
    written = WRITERS[args.format](args, model)
    print(f"To {args.to} ({args.format}):")
    lines = [*not_written(model, written), *measured(args, written)]
    print("\n".join(f"  {line}" for line in lines))


def read(path: str, **options) -> Model:
    """Read a model of any format.

    Args:
        path: str, folder or checkpoint; what it is, is detected.
        options: other arguments of the command line, by name.

    Raises:
        FileNotFoundError: when nothing is there.
        ValueError: for contents that do not do.
    """
    args = parser().parse_args(["--from", path, "--to", path])
    return _read(argparse.Namespace(**{**vars(args), **options}))


def _read(args: argparse.Namespace) -> Model:
    """Read what the arguments name, with the generator if it is apart."""
    model = READERS[detect(args.source)](args)
    if args.generator is None:
        return model
    from electra_tf.conversion import selection

    masked_lm = read(args.generator, vocab_file=args.vocab_file)
    return selection.joined(model, selection.generator(masked_lm))


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
    if config.get("model_type"):
        return "hugging_face"
    if config.get("registered_name"):
        return "keras_hub"
    local = "://" not in path
    if local and not (os.path.isdir(path) or os.path.exists(f"{path}.index")):
        raise FileNotFoundError(f"No checkpoint at {path}, and no folder.")
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
    lines.append(f"activation: {model.config.encoder.hidden_act}")
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


def measured(args: argparse.Namespace, written: Model) -> list[str]:
    """Read what was written; say how far it is from what was meant."""
    lines = []
    if args.format in READERS:
        lines += compared(written, _read_back(args))
    if args.format in DIFFERENCES:
        difference = DIFFERENCES[args.format](args.to, written)
        lines.append(
            f"largest difference of the sequence output: {difference:g}"
        )
    return lines


def compared(written: Model, again: Model) -> list[str]:
    """Say how exactly a model was written.

    Args:
        written: `Model` that was to be written.
        again: `Model` that was read.

    Raises:
        ValueError: when they do not have the same variables.
    """
    lines = []
    for kind in ("variables", "slots"):
        expected, received = getattr(written, kind), getattr(again, kind)
        layout.check(
            shapes_of(expected), shapes_of(received), "What was written"
        )
        if expected:
            difference = max(
                float(np.max(np.abs(array - received[name])))
                for name, array in expected.items()
            )
            lines.append(
                f"read back {len(expected)} {kind}: largest difference "
                f"{difference:g}"
            )
    return lines


def _read_back(args: argparse.Namespace) -> Model:
    written = argparse.Namespace(**vars(args))
    written.source, written.vocab_file = args.to, None
    written.generator, written.leave_out = None, []
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


def _from_hugging_face(args) -> Model:
    from electra_tf.conversion import hugging_face

    asked = args.vocab_file, args.part, args.task, tuple(args.leave_out)
    return hugging_face.read(args.source, *asked)


def _from_keras_hub(args) -> Model:
    from electra_tf.conversion import keras_hub

    return keras_hub.read(
        args.source,
        args.vocab_file,
        args.hidden_act,
        not args.cased,
        tuple(args.leave_out),
    )


def _to_model_folder(args, model: Model) -> Model:
    model_folder.write(args.to, model)
    return dataclasses.replace(model, slots={})


def _to_tf1_checkpoint(args, model: Model) -> Model:
    from electra_tf.conversion import tf1_checkpoint

    tf1_checkpoint.write(args.to, model, args.optimizer)
    kept = model.slots if args.optimizer else {}
    return dataclasses.replace(model, slots=kept)


def _to_hugging_face(args, model: Model) -> Model:
    from electra_tf.conversion import hugging_face

    return hugging_face.write(
        args.to, model, args.part, args.task, tuple(args.labels)
    )


def _to_model_garden(args, model: Model) -> Model:
    from electra_tf.conversion import model_garden

    return model_garden.write(args.to, model)


def _model_garden_difference(path: str, written: Model) -> float:
    from electra_tf.conversion import model_garden

    return model_garden.difference(path, written)


def _to_keras_hub(args, model: Model) -> Model:
    from electra_tf.conversion import keras_hub

    return keras_hub.write(args.to, model)


def _keras_hub_difference(path: str, written: Model) -> float:
    from electra_tf.conversion import keras_hub

    return keras_hub.difference(path, written)


READERS: dict[str, Callable[[argparse.Namespace], Model]] = {
    "model_folder": _from_model_folder,
    "training_run": _from_training_run,
    "tf1_checkpoint": _from_tf1_checkpoint,
    "hugging_face": _from_hugging_face,
    "keras_hub": _from_keras_hub,
}
# Each returns the `Model` that it wrote, which may be a part.
WRITERS: dict[str, Callable[[argparse.Namespace, Model], Model]] = {
    "model_folder": _to_model_folder,
    "tf1_checkpoint": _to_tf1_checkpoint,
    "hugging_face": _to_hugging_face,
    "model_garden": _to_model_garden,
    "keras_hub": _to_keras_hub,
}
# Where another program's encoder does not compute quite what ours does.
DIFFERENCES: dict[str, Callable[[str, Model], float]] = {
    "model_garden": _model_garden_difference,
    "keras_hub": _keras_hub_difference,
}


if __name__ == "__main__":
    main()
