"""SWAG and RACE, in the files of their downloads; no TensorFlow.

References: Zellers et al., 2018, SWAG, https://arxiv.org/abs/1808.05326; Lai
et al., 2017, RACE, https://arxiv.org/abs/1704.04683
"""

import os

from electra_tf.configs import fields
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import schema
from electra_tf.finetuning.tasks.multiple_choice import choices
from electra_tf.finetuning.tasks.multiple_choice.choices import (
    ChoiceTask,
    Example,
)
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.tables import read_table
from electra_tf.finetuning.tasks.task import (
    DEV,
    TEST,
    TRAIN,
    DataError,
    say,
)
from electra_tf.finetuning.tasks.text_files import read_text
from electra_tf.io import listing
from electra_tf.io.json_text import parsed_json

_SWAG_FILES = {TRAIN: "train.csv", DEV: "val.csv", TEST: "test.csv"}
_OF_SWAG = ("0", "1", "2", "3")
_ENDINGS = tuple(f"ending{name}" for name in _OF_SWAG)
_SWAG = (
    Field("sent1", schema.TEXT, "what happened"),
    Field("sent2", schema.TEXT, "the beginning of what happens next"),
    *(Field(name, schema.TEXT, "an ending") for name in _ENDINGS),
)


class Swag(ChoiceTask):
    """SWAG: which of four endings a description goes on with."""

    has_pairs = True

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        self.check_source()
        folder = fields.filled(self.config.raw_data_dir, self.name)
        path = os.path.join(folder, _SWAG_FILES[split])
        if not listing.is_folder(folder):
            raise FileNotFoundError(
                f"No data file at {path}. Put the files of https://github.com/"
                f"rowanz/swagaf/tree/master/data into {folder}, or set "
                "raw_data_dir."
            )
        wanted = (*_SWAG, *[choices.CHOICE_LABEL] * (split != TEST))
        examples = []
        for number, record in enumerate(read_table(path).records):
            row = schema.read(record, wanted)
            examples.append(
                Example(
                    number,
                    row["sent1"],
                    row["sent2"],
                    tuple(row[name] for name in _ENDINGS),
                    choices.label_of(record, row, _OF_SWAG),
                    _OF_SWAG,
                )
            )
        self.log(split, examples)
        return examples


class Race(ChoiceTask):
    """RACE: questions of English exams; middle and high schools are parts.

    The answers of the test set are public, too, and not looked at.
    """

    has_pairs = True
    parts = ("middle", "high")

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        self.check_source()
        folder = fields.filled(self.config.raw_data_dir, self.name)
        examples: list[Example] = []
        for part in self.parts:
            place = os.path.join(folder, split, part)
            names = [n for n in listing.names_in(place) if n.endswith(".txt")]
            if not names:
                say(f"{self.name} {split}: there are no articles in {place}.")
            # By their numbers.
            for name in sorted(names, key=lambda name: (len(name), name)):
                path = os.path.join(place, name)
                examples += self._article(path, split, part, len(examples))
        if not examples:
            raise FileNotFoundError(
                f"No articles in {folder}/{split}/middle and high. Put what "
                "https://www.cs.cmu.edu/~glai1/data/race/ has there, or set "
                "raw_data_dir."
            )
        self.log(split, examples)
        return examples

    def _article(
        self, path: str, split: str, part: str, first: int
    ) -> list[Example]:
        """Return the questions of an article, numbered from `first`."""
        try:
            values = parsed_json(read_text(path))
            columns = [values[n] for n in ("questions", "options", "answers")]
            rows = [*zip(*columns, strict=True)]
        except (UserError, KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path} must be a JSON object with article, and as many "
                f"questions, options and answers. ({error})"
            ) from None
        found = []
        for number, (question, options, answer) in enumerate(rows):
            record = Record(
                f"{path}, question {number + 1}",
                {
                    "article": values.get("article"),
                    "question": question,
                    "options": options,
                    "label": answer,
                },
            )
            row = schema.read(record, _RACE)
            texts = tuple(row["options"])
            names = choices.letters(len(texts))
            label = choices.label_of(record, row, names) if split != TEST else 0
            texts_of = row["article"], row["question"], texts
            number += first
            found.append(Example(number, *texts_of, label, names, part))
        return found


_RACE = (
    Field("article", schema.TEXT, "the text"),
    Field("question", schema.TEXT, "what is asked"),
    Field("options", schema.TEXTS, "the choices"),
    Field("label", schema.LABEL, "the letter of the right choice"),
)
