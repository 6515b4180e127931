"""Help pages of the programs whose flags are the fields of a config."""

import dataclasses
import textwrap
from collections.abc import Sequence

from electra_tf import command_line
from electra_tf.configs import hparams

# The flags that people use: those that the short page of a long list has.
COMMON = {
    # Where things are.
    *("data_dir", "model_name", "pretrain_tfrecords", "init_checkpoint"),
    # What is trained.
    *("model_size", "vocab_size", "objective", "mask_prob"),
    *("task", "task_names"),
    *("train_file", "dev_file", "text_column", "label_column"),
    # How.
    *("max_seq_length", "train_batch_size", "learning_rate"),
    *("num_train_steps", "num_train_epochs", "num_trials", "seed"),
    *("do_train", "do_eval"),
    # On what.
    *("distribution_strategy", "precision", "accumulation_steps"),
    # Builds of records and vocabularies.
    *("corpus_dir", "output_dir", "output_file", "text_field"),
    *("num_processes", "held_out_share"),
}
SHORT_ENOUGH = 24  # Flags that are all shown.


def text(
    config_class: type, program: str, presets: Sequence[str], full: bool = True
) -> str:
    """Return a help page: flags by group, the common ones or all of them.

    Args:
        config_class: a dataclass derived from `hparams.Config`.
        program: name of the program.
        presets: names that `--preset` takes.
        full: whether to show all flags.
    """
    fields = hparams.readable_fields(config_class)
    required = [f"--{f.name}=..." for f in fields if hparams.is_required(f)]
    shown = fields
    if not full and len(fields) > SHORT_ENOUGH:
        shown = [
            f for f in fields if f.name in COMMON or hparams.is_required(f)
        ]
    groups: dict[str, list[str]] = {}
    for field in shown:
        group = groups.setdefault(field.metadata.get("group", "general"), [])
        group.append(_flag(field))
    sections = [
        f"{name.capitalize()}:\n" + "\n".join(entries)
        for name, entries in groups.items()
    ]
    usage = command_line.usage(program, required)
    parts = [usage, _summary(config_class), *sections, _of_all(presets)]
    if len(shown) < len(fields):
        more = f"{len(fields) - len(shown)} more flags: {program} --helpfull"
        parts.append(more)
    return "\n\n".join(parts)


def _summary(config_class: type) -> str:
    """Return the docstring of a config without its indentation."""
    first, _, rest = (config_class.__doc__ or "").partition("\n")
    return (first + "\n" + textwrap.dedent(rest)).strip()


def _flag(field: dataclasses.Field) -> str:
    """Return the help of one field, folded to 80 columns."""
    name = f"[no]{field.name}" if bool in hparams.kinds(field) else field.name
    details = [hparams.default_text(field)]
    if field.metadata.get("choices"):
        details.insert(0, hparams.expectation(field))
    help_text = field.metadata.get("help", "")
    return _entry(f"--{name}", f"{help_text} ({'; '.join(details)})")


def _entry(name: str, help_text: str) -> str:
    indent = " " * 8
    body = textwrap.fill(
        help_text,
        command_line.WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
    )
    return f"  {name}\n{body}"


def _of_all(presets: Sequence[str]) -> str:
    """Return the help of the flags that every program has."""
    entries = {
        "--hparams": "values by name: a JSON object, or the path of a .json "
        "file; flags on the command line win over it",
        "--flagfile": "file of flags, one a line, or a preset's name; "
        "everything else wins over it",
        "--preset": f"a recipe: {', '.join(presets)}",
        "--help": "print the flags that are used most; --helpfull all of them",
        "--version": "print the version",
    }
    page = "\n".join(_entry(*entry) for entry in entries.items())
    return f"Every program:\n{page}"
