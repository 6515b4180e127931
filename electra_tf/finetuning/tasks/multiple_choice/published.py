"""COPA, SWAG and RACE, in the files of their downloads; no TensorFlow.

References: Roemmele et al., 2011, Choice of Plausible Alternatives; Zellers et
al., 2018, SWAG, https://arxiv.org/abs/1808.05326; Lai et al., 2017, RACE,
https://arxiv.org/abs/1704.04683
"""

import os

from electra_tf.configs import fields
from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import schema, superglue
from electra_tf.finetuning.tasks.multiple_choice import choices
from electra_tf.finetuning.tasks.multiple_choice.choices import (
    ChoiceTask,
    Example,
)
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.tables import read_table
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN, DataError
from electra_tf.finetuning.tasks.text_files import parsed_json, read_text
from electra_tf.io import listing


def _labelled(record: Record, row: dict, names: tuple[str, ...]) -> int:
    """Return the number from 1 of a row's label; 0 for none."""
    if row.get("label") is None:
        return 0
    if row["label"] not in names:
        raise record.error(
            f"unknown label {row['label']!r}; the labels are "
            f"{', '.join(map(repr, names))}"
        )
    return 1 + names.index(row["label"])


# COPA's two questions, as its authors ask them.
_ASKED = {
    "cause": "What was the cause of this?",
    "effect": "What happened as a result?",
}
_COPA = (
    superglue.NUMBER,
    Field("premise", schema.TEXT, "what happened"),
    Field("question", schema.TEXT, "cause or effect"),
    Field("choice1", schema.TEXT, "the first choice"),
    Field("choice2", schema.TEXT, "the second choice"),
)
_OF_COPA = ("0", "1")
_LABEL = Field("label", schema.LABEL, "the number of the right choice, from 0")


class Copa(ChoiceTask):
    """COPA: which of two sentences is cause or effect of a third one."""

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        table = superglue.read(self.config, self.name, split)
        examples = [self._example(record, split) for record in table.records]
        if len({example.eid for example in examples}) < len(examples):
            raise DataError(f"{table.name}: two rows have the same idx.")
        self.log(split, examples)
        return examples

    def _example(self, record: Record, split: str) -> Example:
        row = schema.read(record, (*_COPA, *[_LABEL] * (split != TEST)))
        if row["question"] not in _ASKED:
            raise record.error(
                "column 'question' must hold cause or effect; received "
                f"{row['question']!r}"
            )
        tfds = {"choice1": "0", "choice2": "1"}
        if "label" in row:
            row["label"] = tfds.get(row["label"], row["label"])
        return Example(
            row["idx"],
            f"{row['premise']} {_ASKED[row['question']]}",
            None,
            (row["choice1"], row["choice2"]),
            _labelled(record, row, _OF_COPA),
            _OF_COPA,
        )

    def submission(self, split: str, outputs: dict, source) -> dict[str, str]:
        """Return the file of SuperGLUE's site; see `Task.submission`."""
        found = self.predictions(outputs, source)
        rows = ((number, int(label)) for number, label, _ in found)
        return {"COPA.jsonl": superglue.submission(rows)}


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

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        _check_files(self.config, self.name)
        folder = fields.filled(self.config.raw_data_dir, self.name)
        path = os.path.join(folder, _SWAG_FILES[split])
        if not listing.is_folder(folder):
            raise FileNotFoundError(
                f"No data file at {path}. Put the files of https://github.com/"
                f"rowanz/swagaf/tree/master/data into {folder}, or set "
                "raw_data_dir."
            )
        wanted = (*_SWAG, *[_LABEL] * (split != TEST))
        examples = []
        for number, record in enumerate(read_table(path).records):
            row = schema.read(record, wanted)
            examples.append(
                Example(
                    number,
                    row["sent1"],
                    row["sent2"],
                    tuple(row[name] for name in _ENDINGS),
                    _labelled(record, row, _OF_SWAG),
                    _OF_SWAG,
                )
            )
        self.log(split, examples)
        return examples


class Race(ChoiceTask):
    """RACE: questions of English exams; middle and high schools are parts.

    The answers of the test set are public, too, and not looked at.
    """

    parts = ("middle", "high")

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        _check_files(self.config, self.name)
        folder = fields.filled(self.config.raw_data_dir, self.name)
        examples: list[Example] = []
        for part in self.parts:
            place = os.path.join(folder, split, part)
            names = [n for n in listing.names_in(place) if n.endswith(".txt")]
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
            label = _labelled(record, row, names) if split != TEST else 0
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


def _check_files(config, name: str) -> None:
    if config.source != "files":
        raise UserError(
            f"{name} is read from files alone. Received: source "
            f"{config.source!r}. Use --source=files."
        )
