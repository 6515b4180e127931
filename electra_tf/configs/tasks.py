"""All fine-tuning tasks by name, and the settings of what is learnt.

A new task is a file below `electra_tf/finetuning/tasks` and a row of `TASKS`;
see docs/how_to/adding_a_task.md.
"""

import dataclasses
import typing
from collections.abc import Sequence

from electra_tf.configs import fields
from electra_tf.configs.hparams import Config, Derived
from electra_tf.errors import UserError

TEXT, PAIR, LABEL = "text_column", "text_pair_column", "label_column"
CHOICES = "choice_columns"


class TaskRow(typing.NamedTuple):
    """A task, and the defaults it has when it is learnt alone."""

    # Module and class below `electra_tf.finetuning.tasks`.
    implementation: str
    num_train_epochs: float = 3.0
    max_seq_length: int = 128
    # What it puts on the encoder; "question_answering" has two forms, see
    # `electra_tf.finetuning.heads.HEADS`.
    head: str = "classification"
    # How many numbers the head predicts; of your own data it is that of
    # two labels, until the data are read.
    outputs: int = 2
    # Whether it reads what the settings of the group "your own data"
    # name, instead of a benchmark.
    own_data: bool = False
    # Which of these settings it cannot do without.
    needs: tuple[str, ...] = ()
    # Inputs of an example: one for each choice of a question; of your own
    # data as of a question with two, until the data are read.
    choices: int = 1
    # Whether the order of a pair means nothing; such training pairs are taken
    # in both orders.
    unordered: bool = False
    # Whether its inputs are single texts, without segment 1; of your own data
    # unless they name a text_pair_column.
    single: bool = False


# As in the original the letters "qa" or "squad" in a name made these
# defaults, `naturalqs` has them not.
_GLUE = TaskRow("sentences.glue.GlueTask")
_LONG = _GLUE._replace(num_train_epochs=10.0)
_ANSWERS = TaskRow(
    "question_answering.question_answering.QuestionAnswering",
    2.0,
    512,
    "question_answering",
    1,
)
_SUPERGLUE = TaskRow("superglue.SuperGlueTask")
_CHOICES = TaskRow(
    "", head="multiple_choice", outputs=1, choices=2
)  # Each is scored by itself.
# Chunks are of 11 kinds, each tagged by its begin, inside, end or as single;
# data may have fewer of these.
_CHUNK_TAGS = 4 * 11 + 1

TASKS = {
    "cola": _GLUE._replace(single=True),
    "mnli": _GLUE._replace(outputs=3),
    "mrpc": _GLUE._replace(unordered=True),
    "qnli": _GLUE,
    "qqp": _GLUE,
    "rte": _LONG,
    "sst": _GLUE._replace(single=True),
    "sts": _LONG._replace(head="regression", outputs=1, unordered=True),
    "wnli": _GLUE,
    "boolq": _SUPERGLUE._replace(max_seq_length=256),
    "cb": _SUPERGLUE._replace(num_train_epochs=10.0, outputs=3),
    "wic": _SUPERGLUE,
    "copa": _CHOICES._replace(
        implementation="superglue.Copa", num_train_epochs=10.0
    ),
    "swag": _CHOICES._replace(
        implementation="multiple_choice.published.Swag", choices=4
    ),
    "race": _CHOICES._replace(
        implementation="multiple_choice.published.Race",
        max_seq_length=512,
        choices=4,
    ),
    "squad": _ANSWERS,
    "squadv1": _ANSWERS,
    "newsqa": _ANSWERS,
    "naturalqs": _ANSWERS._replace(num_train_epochs=3.0, max_seq_length=128),
    "triviaqa": _ANSWERS,
    "searchqa": _ANSWERS,
    "chunk": TaskRow(
        "tagging.tagging.Chunking",
        max_seq_length=256,
        head="tagging",
        outputs=_CHUNK_TAGS,
    ),
    "classification": TaskRow(
        "own_data.own_sentences.OwnClassification",
        own_data=True,
        single=True,
        needs=(TEXT, LABEL),
    ),
    "pair": TaskRow(
        "own_data.own_sentences.OwnClassification",
        own_data=True,
        needs=(TEXT, PAIR, LABEL),
    ),
    "multilabel": TaskRow(
        "own_data.own_sentences.OwnMultilabel",
        head="multilabel",
        own_data=True,
        single=True,
        needs=(TEXT, LABEL),
    ),
    "regression": TaskRow(
        "own_data.own_sentences.OwnRegression",
        head="regression",
        outputs=1,
        own_data=True,
        single=True,
        needs=(TEXT, LABEL),
    ),
    "multiple_choice": _CHOICES._replace(
        implementation="own_data.own_choices.OwnChoices",
        own_data=True,
        needs=(TEXT, CHOICES, LABEL),
    ),
    "tagging": TaskRow(
        "own_data.own_tagging.OwnTagging",
        max_seq_length=256,
        head="tagging",
        own_data=True,
    ),
    "qa": _ANSWERS._replace(
        implementation="own_data.own_questions.OwnQuestions", own_data=True
    ),
}


def row_of(task_names: Sequence[str]) -> TaskRow:
    """Return the row that gives the defaults of the tasks learnt together.

    Several tasks have the defaults of a row that sets none.
    """
    return TASKS[task_names[0]] if len(task_names) == 1 else TaskRow("")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskSettings(Config):
    """Which tasks are learnt, and where their data comes from."""

    task: str | None = fields.task(
        None, "short for task_names of one task", choices=TASKS, runtime=True
    )
    task_names: tuple[str, ...] = fields.task(
        Derived(lambda c: (c.task or "chunk",), "task, or else chunk"),
        "tasks to learn, together if several",
        choices=TASKS,
    )
    source: str = fields.task(
        "files",
        "where the data of named tasks comes from: files below raw_data_dir, "
        "or TensorFlow Datasets, from which chunk, swag and race are missing",
        choices=("files", "tfds"),
        runtime=True,
    )
    tfds_data_dir: str | None = fields.task(
        None,
        "folder of the sets of TensorFlow Datasets; its own default without",
        runtime=True,
    )
    double_unordered: bool = fields.task(
        True, "train pairs in both orders where the order means nothing"
    )
    released_tagging: bool = fields.task(
        False,
        "keep the released code's mistakes in tagging: sentences cut early, "
        "labels shifted by a word [CLS] or [SEP], the loss reported twice",
    )

    def check(self):
        """Raise a `UserError` if the tasks are not named once."""
        super().check()
        if len(set(self.task_names)) < len(self.task_names):
            raise UserError(
                f"task_names must not repeat. Received: {self.task_names!r}."
            )
        if self.task not in (None, *self.task_names):
            raise UserError(
                "task and task_names say different things. Received: task "
                f"{self.task!r}, task_names {self.joined_tasks!r}."
            )

    @property
    def joined_tasks(self) -> str:
        """The task names, as they appear in file names."""
        return ",".join(self.task_names)
