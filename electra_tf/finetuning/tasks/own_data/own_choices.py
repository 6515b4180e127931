"""A user's own questions with choices; no TensorFlow.

The choices of a row are in a column each, or in one column as a list. Labels
are letters, or numbers that count from 0 or from 1; choices may also have
names of their own, as in `{"label": ["A", "B"], "text": ["yes", "no"]}`.
"""

import functools
import string

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks import own_data, schema
from electra_tf.finetuning.tasks.multiple_choice.choices import (
    LEAST_CHOICES,
    ChoiceTask,
    Example,
    letters,
)
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.task import TRAIN, DataError, say
from electra_tf.finetuning.tasks.text_files import shown

_TEXT = Field("text", schema.TEXT, "what the choices are about")
_QUESTION = Field("text_pair", schema.TEXT, "the question about it")
_MOST_DIGITS = 18
_LABEL = Field("label", schema.LABEL, "number or letter of the right choice")


class OwnChoices(ChoiceTask):
    """The task of `train_file`, `dev_file` and `test_file`."""

    @property
    def has_pairs(self) -> bool:
        """Whether training examples have a question."""
        return self.config.text_pair_column is not None

    def examples(self, split: str) -> list[Example]:
        """Read a split; see `Task.examples`."""
        examples = self._read(split, self._example, say)
        self._doubt(split, examples)
        keys = ((e.text, e.question, e.choices) for e in examples)
        self._learnt.tell(self.name, split, keys)
        if split == TRAIN:
            first = examples[0]
            label = first.label and first.choices[first.label - 1]
            say(
                f"{self.name}: the first example as it is read: "
                f"{shown(first.text)}, question {shown(first.question)}, "
                f"choices {shown([*first.choices])}, right {shown(label)}"
            )
        self.log(split, examples)
        return examples

    @functools.cached_property
    def _learnt(self) -> own_data.Learnt:
        return own_data.Learnt()

    def _doubt(self, split: str, examples: list[Example]) -> None:
        """Say which labels are the name of a choice and another one's text."""
        labelled = [e for e in examples if e.label]
        called = [(e, e.names[e.label - 1]) for e in labelled]
        texts = [(e, name) for e, name in called if name in e.choices]
        wrong = [e for e, n in texts if e.choices[e.label - 1] != n]
        if not wrong:
            return
        problem = (
            f"{own_data.name_of(self.config, split)}: of {len(called)} labels "
            f"{len(wrong)} are the text of a choice, and name another one"
        )
        if len(texts) == len(called) and self.config.first_choice is None:
            raise DataError(
                f"{problem}; all are texts of choices. Write the numbers or "
                "letters of the right choices as labels; if they are that, "
                "set first_choice."
            )
        say(f"{problem}; they are read as names.")

    def _read(self, split: str, make, tell=lambda text: None) -> list:
        """Return what `make` makes of a row's number, values and record."""
        names = self.config.names_of_choices

        def made(number: int, values: dict, record: Record):
            found = record.parsed(
                lambda values: gathered(values, names), record.values
            )
            return make(number, {**values, "choices": found}, record)

        fields = (_TEXT, _QUESTION, _LABEL)
        return own_data.rows_of(self.config, split, fields, made, tell)

    def _example(self, number: int, values: dict, record: Record) -> Example:
        names, texts = zip(*values["choices"], strict=True)
        if not all(names):
            names = self._names(len(texts))
        label = 0
        if "label" in values:
            label = record.parsed(
                lambda label: 1 + names.index(_known(label, names)),
                values["label"],
            )
        question = values.get("text_pair")
        return Example(number, values["text"], question, texts, label, names)

    def _names(self, count: int) -> tuple[str, ...]:
        """Return what labels call the choices of a row."""
        if self._first is None:
            return letters(count)
        return tuple(str(n) for n in range(self._first, self._first + count))

    @functools.cached_property
    def _first(self) -> int | None:
        """The number of the first choice; None where labels are letters."""
        if self.config.first_choice is not None:
            return self.config.first_choice
        found = self._read(TRAIN, lambda _, values, record: values)
        unnamed = [row for row in found if not row["choices"][0][0]]
        labels = {
            (_number(row["label"]), len(row["choices"])) for row in unnamed
        }
        numbers = {(n, size) for n, size in labels if n is not None}
        if not numbers:
            return None
        last = sorted(size for number, size in numbers if number == size)
        starts = {0 for number, _ in numbers if number == 0}
        starts |= {1 for _ in last}
        if len(starts) == 1:
            say(f"{self.name}: labels count the choices from {min(starts)}.")
            return starts.pop()
        name = own_data.name_of(self.config, TRAIN)
        if starts:
            found = f"both 0 and {last[0]}, where the choices are {last[0]}"
        else:
            found = "neither 0 nor the number of a last choice"
        raise DataError(
            f"{name}: do labels count the choices from 0 or from 1? They have "
            f"{found}. Set first_choice to 0 or 1; rows that it does not fit "
            "are then named."
        )


def gathered(values: dict, columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the choices of a row, each with a name of its own or "".

    Of several columns the last ones may be empty: a row has fewer choices.

    >>> gathered({"a": "yes", "b": "no", "c": ""}, ("a", "b", "c"))
    [('', 'yes'), ('', 'no')]
    >>> gathered({"c": ["yes", "no"]}, ("c",))
    [('', 'yes'), ('', 'no')]

    Raises:
        UserError: when they are no texts, or fewer than two.
    """
    found = [values.get(column) for column in columns]
    while found and schema.is_nothing(found[-1]):
        found.pop()
    empty = [c for c, v in zip(columns, found) if schema.is_nothing(v)]  # noqa: B905
    if empty or not found:
        raise UserError(f"nothing in column {(empty or columns)[0]!r}")
    try:
        if len(columns) == 1:
            choices = schema.choices(found[0])
        else:
            choices = [("", schema.text(value)) for value in found]
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            f"choices must be a list of texts, or a text in each of several "
            f"columns; received {shown(found)}"
        ) from None
    if len(choices) < LEAST_CHOICES:
        raise UserError(
            f"a question must have at least {LEAST_CHOICES} choices; received "
            f"{shown([text for _, text in choices])}"
        )
    return choices


def _number(label: str) -> int | None:
    """Return the whole number that a label is; None for other labels.

    >>> _number(" 01"), _number("1.0"), _number("b")
    (1, 1, None)
    """
    digits = label.strip().removesuffix(".0")
    is_number = digits.isdecimal() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_number else None


def _known(label: str, names: tuple[str, ...]) -> str:
    """Return the name that a label is: a letter, or a number.

    Raises:
        UserError: when it is none.
    """
    label = label.strip()
    number = _number(label)
    for written in (label, label if number is None else str(number)):
        if written in names:
            return written
    if names == letters(len(names)) and label.upper() in names:
        return label.upper()
    # Letters among numbers: the same choices in other words.
    by_letter = dict(zip(string.ascii_uppercase, names, strict=False))
    if label.upper() in by_letter and all(n.isdecimal() for n in names):
        return by_letter[label.upper()]
    raise UserError(
        f"label {label!r} names none of the choices, which are "
        f"{', '.join(names)}"
    )
