"""The formats that models are read from and written to, a row each.

The modules of formats are imported when they are used: some need TensorFlow.
"""

import importlib
import inspect
import os
import typing
from collections.abc import Callable

from electra_tf.conversion import model_folder, selection, staging
from electra_tf.conversion.hugging_face_parts import hub
from electra_tf.conversion.model import Model
from electra_tf.errors import UserError
from electra_tf.io import connections


class Format(typing.NamedTuple):
    """A format: functions of this package, by the names of their modules."""

    # Tells from a path and the content of its config.json whether the format is
    # there; the first row of the table that says so counts.
    detect: Callable[[str, dict], bool] | None = None
    read: str | None = None  # Returns the `Model` at a path.
    # Makes a folder at a path, which must not be there or be empty, of a
    # `Model`; returns the `Model` that was written, maybe a part.
    write: str | None = None
    # Returns how far another program's sequence output, by the folder at a
    # path, is from that of the `Model` that was written, for programs that do
    # not compute quite the same.
    difference: str | None = None


def _is_model_folder(path: str, config: dict) -> bool:
    weights = os.path.join(path, model_folder.WEIGHTS_FILE)
    ours = config.get("format") == model_folder.FORMAT
    return ours and os.path.exists(weights)


def _is_run(path: str, _: dict) -> bool:
    if not (os.path.isdir(path) or os.path.exists(f"{path}.index")):
        raise FileNotFoundError(
            f"No checkpoint at {path}, and no folder. Train that model first, "
            "or name one that is there (to fine-tune: --init_checkpoint)."
        )
    return _call("tensorflow_checkpoint.is_run", path)


FORMATS = {
    "model_folder": Format(
        _is_model_folder, "model_folder.read", "model_folder.write"
    ),
    "hugging_face": Format(
        lambda _, config: bool(config.get("model_type")),
        "hugging_face.read",
        "hugging_face.write",
    ),
    "keras_hub": Format(
        lambda _, config: bool(config.get("registered_name")),
        "keras_hub.read",
        "keras_hub.write",
        "keras_hub.difference",
    ),
    "training_run": Format(_is_run, "tensorflow_checkpoint.read_run"),
    "tf1_checkpoint": Format(
        lambda _, config: True,
        "tensorflow_checkpoint.read_tf1",
        "tensorflow_checkpoint.write_tf1",
    ),
    "model_garden": Format(
        write="model_garden.write", difference="model_garden.difference"
    ),
}


def options(source: str, target: str) -> set[str]:
    """Return the options that have an effect between two of `FORMATS`."""
    functions = (FORMATS[source].read, FORMATS[target].write)
    found = {n for of in functions for n in _parameters(_function(of))}
    return {*found, *_parameters(read)} - {"form", "tell", "options"}


def _parameters(function: Callable) -> list[str]:
    return [*inspect.signature(function).parameters]


def _function(name: str, what: str = "This") -> Callable:
    """Return a function of this package; `what` it is for says a message."""
    module, _, name = name.partition(".")
    try:
        imported = importlib.import_module(f"{__package__}.{module}")
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise
        raise UserError(
            f"{what} needs TensorFlow, which is not installed. Make a model "
            "folder of it where it is, see docs/how_to/jax.md."
        ) from error
    return getattr(imported, name)


def _call(name: str, *arguments, **options):
    """Call a function with those of the options that it takes."""
    function = _function(name, arguments[0])
    takes = _parameters(function)
    known = {n: value for n, value in options.items() if n in takes}
    return function(*arguments, **known)


def detect(path: str) -> str:
    """Return the key of `FORMATS` for what lies at a path.

    Raises:
        FileNotFoundError: when nothing is there.
        UserError: when it cannot be read.
    """
    path = hub.folder_of(connections.expanded(path))
    with staging.at_hand(path) as here:
        config = model_folder.config_json(here)
        return next(
            name
            for name, form in FORMATS.items()
            if form.detect and form.detect(here, config)
        )


def read(
    path: str,
    form: str | None = None,
    generator: str | None = None,
    tell: bool = True,
    **options,
) -> Model:
    """Read a model of any format.

    Args:
        path: folder, checkpoint, or name of a model of Hugging Face's hub.
        form: key of `FORMATS`; by default it is detected.
        generator: folder of the generator, where it is apart.
        tell: whether to log a warning of what is not taken over.
        **options: for formats that have them: `vocab_file`, by default the
            one that lies there; `do_lower_case` and `num_attention_heads`, of
            a model without config; `hidden_act`, see `keras_hub`; `part` and
            `task`, see `hugging_face`; `leave_out`, names of variables, or of
            scopes above them, not to take over.

    Raises:
        FileNotFoundError: when nothing is there.
        UserError: for contents that do not fit together.
    """
    path = hub.folder_of(connections.expanded(path))
    with staging.at_hand(path) as here:
        model = _call(FORMATS[form or detect(here)].read, here, **options)
    if tell:
        selection.tell_left_out(path, model)
    if generator is None:
        return model
    vocab_file = options.get("vocab_file")
    masked_lm = read(generator, tell=tell, vocab_file=vocab_file)
    return selection.joined(model, selection.generator(masked_lm))


def write(path: str, model: Model, form: str, **options) -> Model:
    """Write a model in a format of the table, see `Format.write`.

    The options are `optimizer`, see `tensorflow_checkpoint`, and `part`,
    `task` and `labels`, see `hugging_face`.
    """
    with staging.written(connections.expanded(path)) as here:
        return _call(FORMATS[form].write, here, model, **options)


def difference(path: str, written: Model, form: str) -> float | None:
    """Return `Format.difference`, None for a format without one."""
    name = FORMATS[form].difference
    if not name:
        return None
    with staging.at_hand(path) as here:
        return _call(name, here, written)
