"""Tasks about which of some choices goes with a text; no TensorFlow.

A choice's input is [CLS] text [SEP] question and choice [SEP], as BERT has it
for SWAG and RoBERTa for RACE. The network scores each, and the choice of the
highest score is the answer.
"""

import abc
import collections
import re
import statistics
import string
import typing
from collections.abc import Iterable

import numpy as np

from electra_tf.finetuning.tasks import metrics, schema
from electra_tf.finetuning.tasks.rows import Record
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.sentences.classification import pair_input
from electra_tf.finetuning.tasks.sentences.targets import Labels
from electra_tf.finetuning.tasks.task import FeatureSpec, HeadSpec, Task, say

LEAST_CHOICES = 2
# Of a question that a choice is to stand in: "The film is _ .". Letters of
# other scripts may touch it: where no blanks part words, or an ending follows.
_GAP = re.compile(r"(?<![A-Za-z0-9_\uff3f])[_\uff3f]+(?![A-Za-z0-9_\uff3f])")


class Example(typing.NamedTuple):
    """A text, perhaps a question about it, and choices.

    `eid` is its number in the split, `label` the number of the right choice
    from 1, or 0 where it is not known, `names` what the data call the choices.
    """

    eid: int
    text: str
    question: str | None
    choices: tuple[str, ...]
    label: int
    names: tuple[str, ...]
    part: str = ""  # Of the set, where its parts are scored apart, too.


class Question(typing.NamedTuple):
    """An example's outputs: its number, the logits and the right choice."""

    eid: int
    logits: np.ndarray
    label: int
    loss: float

    @property
    def shares(self) -> np.ndarray:
        """The probabilities of the choices."""
        return probabilities(self.logits)


CHOICE_LABEL = Field(
    "label", schema.LABEL, "the number of the right choice, from 0"
)


def label_of(record: Record, row: dict, names: tuple[str, ...]) -> int:
    """Return the number from 1 of a row's label; 0 for none."""
    if row.get("label") is None:
        return 0
    if row["label"] not in names:
        raise record.error(
            f"unknown label {row['label']!r}; the labels are "
            f"{', '.join(map(repr, names))}"
        )
    return 1 + names.index(row["label"])


def letters(count: int) -> tuple[str, ...]:
    """Return names of so many choices: letters, or numbers from 1 of many.

    >>> letters(3)
    ('A', 'B', 'C')
    """
    if count <= len(string.ascii_uppercase):
        return tuple(string.ascii_uppercase[:count])
    return tuple(str(number + 1) for number in range(count))


def probabilities(logits) -> np.ndarray:
    """Return the softmax of an array of logits.

    >>> probabilities([1.0, 1.0]).tolist()
    [0.5, 0.5]
    """
    shares = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return shares / shares.sum()


def second_text(question: str | None, choice: str) -> str:
    """Return what a choice's input has after the text.

    The choice fills the gap of a question that has one, or else follows it.

    >>> second_text("It is _ .", "good"), second_text("What is good?", "Film")
    ('It is good .', 'What is good? Film')
    >>> second_text("\u96fb\u5f71\u662f__\u3002", "\u597d")
    '\u96fb\u5f71\u662f\u597d\u3002'
    """
    if not question:
        return choice
    if len(_GAP.findall(question)) == 1:
        return _GAP.sub(lambda _: choice, question)
    return f"{question} {choice}"


def inputs_of(
    text: str,
    question: str | None,
    choices: Iterable[str],
    most: int,
    tokenizer,
) -> list[dict]:
    """Return the input of each choice: input_ids, segment_ids, and `cut`.

    What is longer than `most` tokens is cut as pairs are.
    """
    ids = tokenizer.encode(text)
    seconds = (second_text(question, choice) for choice in choices)
    return [
        pair_input(ids, tokenizer.encode(second), most, tokenizer)
        for second in seconds
    ]


class ChoiceTask(Task):
    """A task whose examples have choices; subclasses read the files."""

    head = HeadSpec("multiple_choice", 1)

    @property
    @abc.abstractmethod
    def has_pairs(self) -> bool:
        """Whether training examples have a question."""

    @property
    def feature_specs(self) -> tuple[FeatureSpec, ...]:
        """Number of the example, of the choice from 1, and the right one."""
        names = ("eid", "choice", "label_ids")
        return tuple(FeatureSpec(f"{self.name}_{name}") for name in names)

    def features(self, examples: list[Example], tokenizer) -> list[list[dict]]:
        """Return for each example the inputs of its choices."""
        most, found = self.config.max_seq_length, []
        for e in examples:
            made = inputs_of(e.text, e.question, e.choices, most, tokenizer)
            for number, one in enumerate(made, 1):
                one[f"{self.name}_eid"] = e.eid
                one[f"{self.name}_choice"] = number
                one[f"{self.name}_label_ids"] = e.label
            found.append(made)
        return found

    def score(self, outputs: dict, source=None) -> dict[str, float]:
        """Return accuracy, in all and of each part, and the mean loss."""
        asked = questions(outputs)
        right = [q.logits.argmax() + 1 == q.label for q in asked]
        parts = collections.defaultdict(list)
        for example, hit in zip(_examples(asked, source), right, strict=True):
            if example.part:
                parts[f"accuracy_{example.part}"].append(hit)
        hits = {"accuracy": right, **dict(sorted(parts.items()))}
        loss = statistics.fmean(question.loss for question in asked)
        means = {name: float(np.mean(values)) for name, values in hits.items()}
        return {
            **{name: metrics.PERCENT * mean for name, mean in means.items()},
            "loss": loss,
        }

    def constant_loss(self, examples: list[Example]) -> float:
        """Return the loss of finding all choices equally likely."""
        return statistics.fmean(np.log([len(e.choices) for e in examples]))

    def predictions(self, outputs: dict, source=None) -> list[tuple]:
        """Return choices as the data name them, with all probabilities."""
        asked = questions(outputs)
        return [
            (q.eid, e.names[q.logits.argmax()], q.shares.tolist())
            for q, e in zip(asked, _examples(asked, source), strict=True)
        ]

    def log(self, split: str, examples: list[Example]) -> None:
        """Say how many examples were read, of how many choices each."""
        counts = collections.Counter(len(e.choices) for e in examples)
        of = ", ".join(f"{n} of {size}" for size, n in sorted(counts.items()))
        text = f"{self.name} {split}: {len(examples)} examples; choices: {of}"
        labels = [e.label - 1 for e in examples if e.label]
        if labels:
            places = Labels(letters(max(counts)))
            text += f"; right: {places.described(labels)}"
        twice = sum(len({*e.choices}) < len(e.choices) for e in examples)
        if twice:
            text += f"; {twice} with two equal choices"
        say(text)


def questions(outputs: dict) -> list[Question]:
    """Return the outputs of all choices, in the order of the examples."""
    eids = np.asarray(outputs["eid"])
    begins = np.flatnonzero(np.diff(eids)) + 1
    found = []
    for rows in np.split(np.arange(len(eids)), begins):
        rows = rows[np.argsort(outputs["choice"][rows], kind="stable")]
        first = rows[0]
        loss = float(np.sum(outputs["loss"][rows]))
        label = int(outputs["label_ids"][first])
        logits = np.asarray(outputs["logits"][rows])
        found.append(Question(int(eids[first]), logits, label, loss))
    return found


def _examples(asked: list[Question], source) -> list[Example]:
    by_number = {example.eid: example for example in source.examples}
    return [by_number[question.eid] for question in asked]
