"""Folders of fine-tuned models: a model folder, and its heads' tasks.

    tasks.json         what each head predicts, and how inputs are made
    model.safetensors, config.json, vocab.txt   see
                       `electra_tf.conversion.model_folder`

Prediction and export need such a folder and nothing else: no raw data, no
settings of the run that trained it.
"""

import dataclasses
import functools
import os
from collections.abc import Mapping

from electra_tf.configs import (
    EncoderConfig,
    FinetuningConfig,
    TokenizerConfig,
    encoder_config,
    hparams,
)
from electra_tf.conversion import model_folder, selection, staging
from electra_tf.conversion.model import (
    Model,
    ModelConfig,
    make,
    shapes_of,
    with_parts,
)
from electra_tf.errors import UserError, shown, suggestion
from electra_tf.finetuning.tasks.task import HeadSpec
from electra_tf.io import connections, files
from electra_tf.text.tokenization import Tokenizer

SAID_TWICE = ("do_lower_case", "strip_accents")


def check_names(values: Mapping, kind: type) -> None:
    """Raise UserError for names that a dataclass has no field for."""
    known = [field.name for field in dataclasses.fields(kind)]
    for name in values:
        if name not in known:
            raise UserError(
                f"{name!r} is not known there.{suggestion(name, known)}"
            )


@dataclasses.dataclass(frozen=True)
class FinetunedTask:
    """A task as its model knows it."""

    name: str
    head: HeadSpec
    # The names of what the head chooses from; None where it does not.
    labels: tuple[str, ...] | None = None
    # Tuple of the numbers that a regression learnt as 0 and 1.
    scale: tuple[float, float] | None = None
    lower_case_words: bool = True  # Whether tagged words were lower-cased.
    has_null_answers: bool = False  # Whether questions may have no answer.
    # Whether tagged words were cut at ideographs; folders once did not say.
    splits_ideographs: bool = False
    # How spans are read from tags, a row of `tag_schemes.SPAN_RULES`.
    span_rule: str = "released"
    segment: int = 1  # Of tagged words; transformers has 0.
    # Whether texts were learnt with a second one, `text_pair`; None where it is
    # not known, and for heads that take none.
    has_pairs: bool | None = None

    @classmethod
    def of(cls, task) -> "FinetunedTask":
        """Return what is to be known of a `Task`."""
        known = {
            field.name: getattr(task, field.name, field.default)
            for field in dataclasses.fields(cls)
        }
        labels = known["labels"]
        return cls(**{**known, "labels": labels and tuple(labels)})

    def to_json(self) -> dict:
        """Return the task as it stands in tasks.json."""
        head = {**self.head._asdict(), "options": dict(self.head.options)}
        return {**vars(self), "head": head}

    @classmethod
    def from_json(cls, values: dict) -> "FinetunedTask":
        """Return the task that `to_json` wrote."""
        check_names(values, cls)
        chosen = {**values, "head": HeadSpec(**values["head"])}
        for name in ("labels", "scale"):
            chosen[name] = values[name] and tuple(values[name])
        return cls(**chosen)


@dataclasses.dataclass(frozen=True)
class InputSettings:
    """The settings of a `FinetuningConfig` that inputs and answers depend on.

    They have their names there.
    """

    max_seq_length: int
    max_query_length: int
    doc_stride: int
    n_best_size: int
    max_answer_length: int
    joint_prediction: bool
    answerable_classifier: bool
    qa_na_threshold: float
    answer_places: str = "released"  # Folders once did not say.

    @classmethod
    def of(cls, config) -> "InputSettings":
        """Return the settings of a `FinetuningConfig`."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: getattr(config, name) for name in names})

    @classmethod
    def from_json(cls, values: dict) -> "InputSettings":
        """Return the settings of a tasks.json, after checks.

        Raises:
            UserError: for a value that fine-tuning does not take either.
        """
        check_names(values, cls)
        declared = {f.name: f for f in dataclasses.fields(FinetuningConfig)}
        return cls(
            **{
                name: hparams.checked(declared[name], value)
                for name, value in values.items()
            }
        )


@dataclasses.dataclass(frozen=True, eq=False)
class FinetunedModel:
    """The content of a folder: its tasks, its settings and the weights."""

    path: str
    tasks: tuple[FinetunedTask, ...]
    settings: InputSettings
    model: Model

    @property
    def encoder(self) -> EncoderConfig:
        """The encoder's shape."""
        return self.model.config.encoder

    @functools.cached_property
    def tokenizer(self) -> Tokenizer:
        """A tokenizer with the folder's vocabulary, which is read once."""
        return Tokenizer.of(
            os.path.join(self.path, model_folder.VOCAB_FILE), self.model.config
        )

    def task(self, name: str | None = None) -> FinetunedTask:
        """Return a task, by default the only one.

        Raises:
            UserError: when it is not there, or there are several.
        """
        names = [task.name for task in self.tasks]
        if (name is None and len(names) > 1) or name not in (None, *names):
            raise UserError(
                f"{self.path} has the tasks {', '.join(names)}; choose one by "
                f"--task. Received: {name!r}."
            )
        return self.tasks[names.index(name) if name else 0]


def write(path: str, config, tasks: list, variables: dict, step: int) -> None:
    """Write a folder, in the place of an older one.

    Args:
        path: str.
        config: `FinetuningConfig` of the run.
        tasks: list of its `Task`s.
        variables: dict from path to array.
        step: int, updates that the weights have seen.

    Raises:
        FileExistsError: when something else is there.
    """
    model_config = ModelConfig(
        encoder_config(config),
        **config.tokenizer_settings,
        model_size=config.model_size,
    )
    model_config = with_parts(path, model_config, shapes_of(variables), step)
    vocab = model_folder.read_vocab(config.vocab_file)
    model = make(path, model_config, variables, vocab)
    if files.exists(path) and not is_finetuned_model(path):
        raise FileExistsError(
            f"{path} is in the way, and is no fine-tuned model. Move it, or "
            "set tuned_model_dir."
        )
    content = model_folder.tasks_json(
        [FinetunedTask.of(task).to_json() for task in tasks],
        dataclasses.asdict(InputSettings.of(config)),
    )
    with staging.replaced(path, model_folder.TASKS_FILE) as new:
        model_folder.write(new, dataclasses.replace(model, tasks_json=content))


def is_finetuned_model(path: str) -> bool:
    """Say whether a path is a folder that `write` made."""
    values = model_folder.read_json(os.path.join(path, model_folder.TASKS_FILE))
    return values.get("format") == model_folder.TASKS_FORMAT


def read(path: str) -> FinetunedModel:
    """Read a folder.

    Raises:
        FileNotFoundError: when it is none.
        UserError: when its files do not fit each other.
    """
    path = connections.expanded(path)
    file = os.path.join(path, model_folder.TASKS_FILE)
    values = model_folder.read_json(file)
    if values.get("format") != model_folder.TASKS_FORMAT:
        raise FileNotFoundError(
            f"{path} is no folder of a fine-tuned model: it has no "
            f"{model_folder.TASKS_FILE}. run_finetuning.py writes one, by "
            "default into <data_dir>/models/<model_name>/tuned_models/<tasks>; "
            "python -m electra_tf.conversion.convert makes one of a fine-tuned "
            "model of Hugging Face."
        )
    with staging.at_hand(path) as here:
        model = model_folder.read(here)
    selection.tell_left_out(path, model)
    tasks, settings = said_of_tasks(values, path, model.config)
    for task in tasks:
        if task.name not in model.config.tasks:
            raise UserError(
                f"The weights in {path} have no head for {task.name!r}, which "
                f"{file} names; they have "
                f"{', '.join(model.config.tasks) or 'none'}."
            )
    return FinetunedModel(path, tasks, settings, model)


def said_of_tasks(
    values: dict, path: str, config: ModelConfig
) -> tuple[tuple[FinetunedTask, ...], InputSettings]:
    """Return what the content of a folder's tasks.json says, after checks.

    Args:
        values: the content; that of older folders will do.
        path: the folder, for messages.
        config: what the folder's config.json says.

    Raises:
        UserError: for names and values that fine-tuning does not write.
    """
    file = os.path.join(path, model_folder.TASKS_FILE)
    model_folder.check_tasks(values, path)
    settings = dict(values["settings"])
    # Folders once said these twice.
    said = {n: settings.pop(n) for n in SAID_TWICE if n in settings}
    try:
        tasks = tuple(map(FinetunedTask.from_json, values["tasks"]))
        read_settings = InputSettings.from_json(settings)
    except (KeyError, TypeError, UserError) as error:
        raise UserError(
            f"{file} must be as fine-tuning writes it: "
            f"{str(error).rstrip('.')}."
        ) from None
    _check_tokenizer(path, said, TokenizerConfig.of(config))
    _check_heads(file, tasks)
    return tasks, read_settings


def _check_tokenizer(path: str, said: dict, config: TokenizerConfig) -> None:
    """Check what tasks.json says of the tokenizer against config.json."""
    for name, value in said.items():
        ours = getattr(config, name)
        if value not in (ours, None):
            raise UserError(
                f"{name} is {value} in the {model_folder.TASKS_FILE} of {path} "
                f"and {ours} in its {model_folder.CONFIG_FILE}. Restore the "
                "one that was changed."
            )


def _check_heads(file: str, tasks: tuple[FinetunedTask, ...]) -> None:
    """Check that each head is known, and has what its answers need."""
    from electra_tf.finetuning.serving.answers import ANSWERS

    for task in tasks:
        kind, size = task.head.kind, task.head.size
        if kind not in ANSWERS:
            raise UserError(
                f"kind of a head in {file} must be one of {', '.join(ANSWERS)}."
                f" Received: {shown(kind)}."
            )
        named = kind in ("classification", "multilabel", "tagging")
        if named and len(task.labels or ()) != size:
            raise UserError(
                f"labels of {task.name} in {file} must be the names of its "
                f"{size} outputs. Received: {shown(task.labels)}."
            )
        if kind == "regression" and task.scale is None:
            raise UserError(
                f"scale of {task.name} in {file} must be two numbers. "
                "Received: None."
            )
