"""Settings of a user's own data."""

import dataclasses
import json

from electra_tf.configs import fields
from electra_tf.configs.hparams import Config
from electra_tf.configs.tasks import TASKS
from electra_tf.errors import UserError


def character(delimiter: str | None) -> str | None:
    """Return what stands between columns: one character, or that of `tab`.

    Raises:
        UserError: when it is none.
    """
    found = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if found is not None and (len(found) != 1 or found in '"\r\n'):
        raise UserError(
            "delimiter must be one character, or `tab`. Received: "
            f"{delimiter!r}."
        )
    return found


def names(text: str | None) -> tuple[str, ...]:
    """Return names with commas between, or those of a JSON list.

    >>> names("a, b"), names('["a, b"]'), names(None)
    (('a', 'b'), ('a, b',), ())
    """
    given = text or "[]"
    if not given.lstrip().startswith("["):
        return tuple(name.strip() for name in given.split(","))
    try:
        return tuple(json.loads(given))
    except (ValueError, TypeError):
        return ("",)


WITHOUT_NAMES = ("regression", "question_answering", "multiple_choice")
CHOICES = "multiple_choice"  # The kind of data that has them.


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnDataSettings(Config):
    """The files or the set of TensorFlow Datasets that a task reads."""

    train_file: str | None = fields.own_data(
        None,
        "training data: .csv, .tsv, .jsonl, .json, .parquet or .arrow with "
        "named columns, compressed or not, or a folder or pattern of parts; "
        "for tagging also lines `word ... tag`; for qa also SQuAD's and MRQA's",
    )
    dev_file: str | None = fields.own_data(None, "development data")
    test_file: str | None = fields.own_data(None, "test data; needs no labels")
    text_column: str | None = fields.own_data(
        None,
        "column of the (first) text; of the words for tagging, of the question "
        "for qa, of what choices are about for multiple_choice",
    )
    text_pair_column: str | None = fields.own_data(
        None,
        "column of the second text; of the passage for qa, of a question for "
        "multiple_choice",
    )
    label_column: str | None = fields.own_data(
        None,
        "column of the label, number, list of labels, list of tags, or answers",
    )
    delimiter: str | None = fields.own_data(
        None,
        "what stands between columns: one character, or `tab`; by default a "
        "comma in .csv and a tab in .tsv, or what the first row has",
    )
    label_names: str | None = fields.own_data(
        None,
        "names of the labels or tags that the data have as numbers from 0, "
        "with commas between, or a JSON list",
    )
    choice_columns: str | None = fields.own_data(
        None,
        "columns of the choices, with commas between, or the one column that "
        "has a list of them",
    )
    first_choice: int | None = fields.own_data(
        None,
        "number that labels have for the first choice, 0 or 1; by default what "
        "the training labels show",
    )
    skip_bad_rows: bool = fields.own_data(
        False, "leave out rows that cannot be used, and say how many and why"
    )
    label_separator: str = fields.own_data(
        ",", "what stands between the labels of multilabel, if no JSON list"
    )
    tfds_name: str | None = fields.own_data(
        None, "set of TensorFlow Datasets to read instead of files"
    )
    tfds_train_split: str = fields.own_data("train", "its training split")
    tfds_dev_split: str = fields.own_data("validation", "its development split")
    tfds_test_split: str = fields.own_data("test", "its test split")

    @property
    def names_of_labels(self) -> tuple[str, ...]:
        """The names in `label_names`; none if it is not set."""
        return names(self.label_names)

    @property
    def names_of_choices(self) -> tuple[str, ...]:
        """The names in `choice_columns`; none if it is not set."""
        return names(self.choice_columns)

    @property
    def between_columns(self) -> str | None:
        """The character that `delimiter` names."""
        return character(self.delimiter)

    def check(self):
        """Raise a `UserError` if the tasks lack data, or do not read it."""
        super().check()
        character(self.delimiter)
        for setting in ("label_names", "choice_columns"):
            given = getattr(self, setting)
            found = names(given)
            if not all(isinstance(n, str) and n.strip() for n in found):
                raise UserError(
                    f"{setting} must be names with commas between, or a JSON "
                    f"list of texts, none empty. Received: {given!r}."
                )
            if len(set(found)) < len(found):
                raise UserError(
                    f"{setting} must not repeat. Received: {given!r}."
                )
        own = [name for name in self.task_names if TASKS[name].own_data]
        if not own:
            self._check_none_given()
        elif len(own) > 1:
            raise UserError(
                f"The tasks {' and '.join(map(repr, own))} would read the same "
                "train_file; at most one task of task_names may be of your own "
                f"data. Received: {self.joined_tasks!r}."
            )
        else:
            self._check_given(own[0])

    def _check_none_given(self):
        for field in dataclasses.fields(OwnDataSettings):
            value = getattr(self, field.name)
            if value != field.default:
                names = [name for name, row in TASKS.items() if row.own_data]
                raise UserError(
                    f"{field.name} belongs to the tasks of your own data "
                    f"({', '.join(names)}). Received: {field.name} {value!r} "
                    f"with task_names {self.joined_tasks!r}."
                )

    def _check_given(self, task: str):
        if self.label_names and TASKS[task].head in WITHOUT_NAMES:
            raise UserError(
                f"label_names has no meaning for the task {task!r}, which has "
                f"no labels. Received: {self.label_names!r}."
            )
        for setting in ("choice_columns", "first_choice"):
            value = getattr(self, setting)
            if value is not None and TASKS[task].head != CHOICES:
                raise UserError(
                    f"{setting} belongs to the task {CHOICES!r}. Received: "
                    f"{value!r} with the task {task!r}."
                )
        if self.first_choice not in (None, 0, 1):
            raise UserError(
                f"first_choice must be 0 or 1. Received: {self.first_choice}."
            )
        columns = (self.text_column, self.text_pair_column, self.label_column)
        given = [column for column in columns if column is not None]
        given += self.names_of_choices
        if len({*given}) < len(given):
            raise UserError(
                "text_column, text_pair_column, label_column and "
                "choice_columns must differ. Received: "
                f"{', '.join(map(repr, given))}."
            )
        for setting in ("train_file", "dev_file", "test_file", "delimiter"):
            value = getattr(self, setting)
            if value is not None and self.tfds_name:
                raise UserError(
                    f"{setting} belongs to files, and tfds_name is read "
                    f"instead. Received: {value!r} and {self.tfds_name!r}."
                )
        needed = dict.fromkeys(TASKS[task].needs, "")
        if self.tfds_name is None:
            needed |= {"train_file": " (for its labels)"}
            if self.do_eval:
                needed["dev_file"] = " (for do_eval)"
            if self.write_test_outputs:
                needed["test_file"] = " (for write_test_outputs)"
        missing = [
            name + purpose
            for name, purpose in needed.items()
            if getattr(self, name) is None
        ]
        if missing:
            raise UserError(f"The task {task!r} needs {', '.join(missing)}.")
