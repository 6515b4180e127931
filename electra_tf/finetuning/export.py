"""Exports a fine-tuned model for programs that do not have this one.

    python -m electra_tf.finetuning.export --model_folder FOLDER \
        --to DIR --format saved_model

It compares what it wrote with the model, on random inputs of two lengths and,
where it takes them, on texts, and ends with the largest difference.
"""

import argparse
import importlib.util
import typing

from electra_tf import command_line
from electra_tf.conversion import model_folder, staging
from electra_tf.conversion.hugging_face_parts import tokenizer
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.finetuned_model import FinetunedModel, FinetunedTask

# What a format may differ by from the model, relative to numbers above 1.
TOLERANCE = 1e-3


class Format(typing.NamedTuple):
    """A row of `FORMATS`."""

    exporter: str  # Its class in `electra_tf.finetuning.exporting.formats`.
    text: str  # What it is, for the help page.
    needs: tuple[str, ...] = ()  # Packages that are not there by default.


FORMATS = {
    "saved_model": Format("SavedModel", "TensorFlow's"),
    "onnx": Format("Onnx", "model.onnx", ("tf2onnx", "onnx", "onnxruntime")),
    "litert": Format("LiteRT", "model.tflite"),
    "hugging_face": Format("", "a folder of transformers"),
}


def main(arguments: list[str] | None = None) -> None:
    """Run the program with the arguments of the command line."""
    args = parser().parse_args(arguments)
    with command_line.errors_of("export"):
        export(args)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = command_line.parser(
        "electra_tf.finetuning.export", "Exports a fine-tuned model."
    )
    add = made.add_argument
    add("--model_folder", required=True, help="what fine-tuning wrote")
    add("--to", required=True, help="folder to make")
    kinds = "; ".join(f"{name}: {row.text}" for name, row in FORMATS.items())
    add("--format", choices=tuple(FORMATS), required=True, help=kinds)
    add("--task", help="which task, where the model has several")
    return made


def export(args: argparse.Namespace) -> None:
    """Write, compare, and say what was written."""
    with staging.written(args.to) as here:
        _export(args, here)


def _export(args: argparse.Namespace, here: str) -> None:
    tuned = finetuned_model.read(args.model_folder)
    task = tuned.task(args.task)
    if args.format == "hugging_face":
        print(_hugging_face(here, tuned, task))
        return
    row = FORMATS[args.format]
    missing = [p for p in row.needs if importlib.util.find_spec(p) is None]
    if missing:
        raise UserError(
            f"This format needs {', '.join(missing)}, which is not installed: "
            "pip install 'electra_tf[export]'."
        )
    from electra_tf.finetuning.exporting import folder_page, formats

    model_folder.make_folder(here)
    exporter = getattr(formats, row.exporter)(here, tuned, task)
    for line in exporter.write():
        print(line.replace(here, args.to))
    tokenizer.write(here, tuned.model)
    print(f"{args.to}/{tokenizer.TOKENIZER_FILE}: for its ids, see the page")
    differences = formats.differences(exporter.load(), tuned, task)
    folder_page.write(here, args.format, tuned, task, [*differences])
    differences |= exporter.text_differences()
    print(f"{args.to}/{folder_page.ABOUT_FILE}: labels, inputs and outputs")
    print(f"{args.to}/{folder_page.PAGE_FILE}: how to run it by itself")
    for name, difference in differences.items():
        print(f"{name}: largest difference {difference:.2g}")
    if not all(d <= TOLERANCE for d in differences.values()):
        raise UserError(
            f"What was written to {args.to} does not compute what the model "
            f"does: expected differences of at most {TOLERANCE:g}."
        )


def _hugging_face(path: str, tuned: FinetunedModel, task: FinetunedTask) -> str:
    """Write a folder for `from_pretrained`; see `electra_tf.conversion`."""
    from electra_tf.conversion import convert, hugging_face

    written = hugging_face.write(path, tuned.model, task=task.name)
    again = hugging_face.read(path, task=task.name)
    return "\n".join(convert.compared(written, again))


if __name__ == "__main__":
    main()
