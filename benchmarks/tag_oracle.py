"""The best F1 of spans that tags of words can reach.

Words get random spans, these become features, and a model that is always
right at every word piece answers.
"""

import json
import pathlib
import random
import typing
from collections.abc import Iterable, Sequence

import numpy as np

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning.finetuned_model import FinetunedTask, InputSettings
from electra_tf.finetuning.serving.tag_answers import TagAnswers
from electra_tf.finetuning.tasks import task_table
from electra_tf.finetuning.tasks.metrics import PERCENT
from electra_tf.finetuning.tasks.tagging import tag_schemes
from electra_tf.text.tokenization import Tokenizer

TYPES = ("PER", "LOC", "ORG")
SPAN_SHARE = 0.2  # Of the words outside, those that begin a span.
MOST_WORDS = 3  # Of a span.


class Tagged(typing.NamedTuple):
    """A text whose words, from character to character, have tags."""

    text: str
    places: Sequence[tuple[int, int]]
    tags: list[str]

    @property
    def words(self) -> list[str]:
        """The words."""
        return [self.text[begin:end] for begin, end in self.places]

    @property
    def spans(self) -> set[tuple[int, int, str]]:
        """The spans by their first character, their end and their type."""
        return {
            (self.places[s.first][0], self.places[s.last][1], s.type)
            for s in tag_schemes.decoded(self.tags)
        }


def tagged(text: str, places, draw: random.Random) -> Tagged:
    """Return a text with random spans of its words."""
    tags: list[str] = []
    while len(tags) < len(places):
        if draw.random() > SPAN_SHARE:
            tags.append("O")
            continue
        kind, inside = draw.choice(TYPES), draw.randrange(MOST_WORDS)
        tags += [f"B-{kind}", *[f"I-{kind}"] * inside]
    return Tagged(text, places, tags[: len(places)])


class TagOracle:
    """Reads back what a vocabulary makes of tagged words.

    Args:
        sentences: the tagged texts.
        tokenizer: `Tokenizer`.
        folder: where a file can be written.
    """

    def __init__(
        self,
        sentences: Sequence[Tagged],
        tokenizer: Tokenizer,
        folder: pathlib.Path,
    ):
        path = folder / "tagged.jsonl"
        rows = [{"words": s.words, "tags": s.tags} for s in sentences]
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        config = FinetuningConfig(
            data_dir=".",
            model_name=".",
            task_names=["tagging"],
            train_file=str(path),
            dev_file=str(path),
            text_column="words",
            label_column="tags",
            do_lower_case=tokenizer.do_lower_case,
        )
        (self.task,) = task_table.tasks(config)
        self.sentences = sentences
        self.tokenizer = tokenizer
        self.settings = InputSettings.of(config)

    def of_words(self) -> float:
        """Return F1 where words are given, as in training."""
        examples = self.task.examples("dev")
        rows = self.task.features(examples, self.tokenizer)
        outputs = {
            name: [row[f"tagging_{name}"] for row in rows]
            for name in ("eid", "labels_mask", "labels", "labeled_positions")
        }
        outputs["label_ids"], outputs["loss"] = outputs["labels"], [0.0]
        outputs["predictions"] = [
            _at_positions(*row)
            for row in zip(
                outputs["labels"], outputs["labeled_positions"], strict=True
            )
        ]
        return self.task.score(outputs)["f1"]

    def of_text(self) -> float:
        """Return F1 where running text is given, by characters."""
        answers = TagAnswers(
            FinetunedTask.of(self.task), self.settings, self.tokenizer
        )
        right = found = gold = 0
        for sentence in self.sentences:
            row = {"text": sentence.text}
            inputs = answers.inputs(row)
            tags = list(_tags(sentence, inputs[0]["all"]))
            outputs = [
                {"logits": self._one_hot([tags[w] for w in window["words"]])}
                for window in inputs
            ]
            spans = {
                (span["begin"], span["end"], span["type"])
                for span in answers.answer(row, inputs, outputs)["spans"]
            }
            right += len(spans & sentence.spans)
            found += len(spans)
            gold += len(sentence.spans)
        return PERCENT * 2 * right / (found + gold)

    def _one_hot(self, tags: list[str]) -> np.ndarray:
        chosen = [self.task.labels.index(tag) for tag in tags]
        return np.eye(len(self.task.labels))[chosen]


def _at_positions(labels: list[int], positions: list[int]) -> list[int]:
    """Return a word's label from its position, which others may have too."""
    at = dict(zip(positions, labels, strict=True))
    return [at[position] for position in positions]


def _tags(sentence: Tagged, words: Iterable) -> Iterable[str]:
    """Give other words of the text the tags of the spans that they touch."""
    spans, before = sorted(sentence.spans), None
    for word in words:
        touched = [s for s in spans if s[0] < word.end and word.begin < s[1]]
        span = touched[0] if touched else None
        position = "I" if span == before else "B"
        yield f"{position}-{span[2]}" if span else "O"
        before = span
