"""Settings of a user's own data."""

import dataclasses

from electra_tf.configs import fields
from electra_tf.configs.hparams import Config
from electra_tf.configs.tasks import TASKS
from electra_tf.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnDataSettings(Config):
    """The files or the set of TensorFlow Datasets that a task reads."""

    train_file: str | None = fields.own_data(
        None,
        "training data: .tsv, .csv or .jsonl with named columns; for tagging "
        "also lines `word ... tag`; for qa SQuAD's .json or MRQA's .jsonl",
    )
    dev_file: str | None = fields.own_data(None, "development data")
    test_file: str | None = fields.own_data(None, "test data; needs no labels")
    text_column: str | None = fields.own_data(
        None, "column of the (first) text; of the list of words for tagging"
    )
    text_pair_column: str | None = fields.own_data(
        None, "column of the second text"
    )
    label_column: str | None = fields.own_data(
        None, "column of the label, number, list of labels or list of tags"
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

    def check(self):
        """Raise a `UserError` if the tasks lack data, or do not read it."""
        super().check()
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
