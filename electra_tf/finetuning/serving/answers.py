"""From texts to answers: a table by the kind of head; no TensorFlow.

Each row is made of a `FinetunedTask`, its `InputSettings` and a tokenizer. It
makes a text's inputs, as many as it takes, and an answer of the head's outputs:

    inputs(row) -> list of dicts with input_ids and segment_ids
    answer(row, inputs, outputs) -> dict that JSON can hold

`fields` are what a row must have, `optional` what else it may have, `texts`
what a text or a pair of them, instead of named fields, stand for, and `in_line`
what tabs part in a line. What was not learnt is refused by `problem`.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from absl import logging

from electra_tf.errors import shown
from electra_tf.finetuning.serving.tag_answers import TagAnswers
from electra_tf.finetuning.tasks.multiple_choice import choices
from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.question_answering.span_decoding import Decoder
from electra_tf.finetuning.tasks.question_answering.windows import Windows
from electra_tf.finetuning.tasks.sentences.classification import pair_input
from electra_tf.finetuning.tasks.sentences.targets import RegressionTarget

PAIR = "text_pair"


class SentenceAnswers:
    """Makes the input of a text or a pair, and reads the head's outputs.

    An input is cut where it is too long; the answer says so.
    """

    fields: tuple[str, ...] = ("text",)
    optional: tuple[str, ...] = (PAIR,)
    texts: tuple[str, ...] = ("text", PAIR)
    in_line = texts

    def __init__(self, task, settings, tokenizer):
        self.task = task
        self.settings = settings
        self.tokenizer = tokenizer
        if task.has_pairs:
            self.fields = (*self.fields, PAIR)
            self.optional = ()
        elif task.has_pairs is not None:
            # A tab is of the text. Other rows may have one, to be refused.
            self.in_line = tuple(n for n in self.in_line if n != PAIR)

    def inputs(self, row: dict) -> list[dict]:
        """Return the one input of a row: its input_ids and segment_ids."""
        texts = row["text"], row.get("text_pair") or ""
        ids, pair_ids = map(self.tokenizer.encode, texts)
        most = self.settings.max_seq_length
        return [pair_input(ids, pair_ids, most, self.tokenizer)]

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return the answer, from the one input and its outputs."""
        return {
            **_SENTENCE_ANSWERS[self.task.head.kind](self.task, outputs[0]),
            "cut": inputs[0]["cut"],
        }


def _label(task, output: dict) -> dict:
    """The likeliest label, and the probabilities of all."""
    shares = choices.probabilities(output["logits"])
    return {
        "label": task.labels[int(np.argmax(output["logits"]))],
        "probability": float(shares.max()),
        "probabilities": dict(zip(task.labels, shares.tolist(), strict=True)),
    }


def _labels(task, output: dict) -> dict:
    """The labels that are likelier than not, and all probabilities."""
    logits = np.asarray(output["logits"], np.float64)
    shares = np.exp(-np.logaddexp(0, -logits)).tolist()  # The sigmoid.
    chosen = zip(task.labels, logits, strict=True)
    return {
        "labels": [name for name, logit in chosen if logit > 0],
        "probabilities": dict(zip(task.labels, shares, strict=True)),
    }


def _number(task, output: dict) -> dict:
    """The number on the scale of the training data."""
    return {
        "score": RegressionTarget(*task.scale).as_number(output["predictions"])
    }


# By the kind of head.
_SENTENCE_ANSWERS = {
    "classification": _label,
    "multilabel": _labels,
    "regression": _number,
}


class ChoiceAnswers(SentenceAnswers):
    """Makes the inputs of a row's choices, and says which is the likeliest.

    `text_pair` is a question that each choice fills or follows, see
    `choices.second_text`.
    """

    fields = ("text", "choices")
    optional = (PAIR,)
    texts = in_line = ("text", "choices")

    def inputs(self, row: dict) -> list[dict]:
        """Return an input for each choice: its input_ids and segment_ids."""
        most = self.settings.max_seq_length
        asked = row["text"], row.get("text_pair"), row["choices"]
        return choices.inputs_of(*asked, most, self.tokenizer)

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return the choice, which counts from 0, and all probabilities."""
        logits = np.array([output["logits"] for output in outputs])
        shares = choices.probabilities(logits)
        best = int(logits.argmax())
        return {
            "choice": best,
            "text": row["choices"][best],
            "probability": float(shares[best]),
            "probabilities": shares.tolist(),
            "cut": any(one["cut"] for one in inputs),
        }


class SpanAnswers:
    """Makes the windows of a passage, and chooses the answer."""

    fields = ("question", "context")
    optional = ()
    texts = in_line = ("question", "context")

    def __init__(self, task, settings, tokenizer):
        self.task = task
        self.settings = settings
        self.tokenizer = tokenizer
        self.windows = Windows(tokenizer, settings)
        self.decode = Decoder(self.windows.places, settings)
        # Rows share the pieces of a passage, and so do inputs and answers.
        self._passage = functools.lru_cache(passages.PASSAGES_KEPT)(
            passages.Passage
        )

    def inputs(self, row: dict) -> list[dict]:
        """Return the windows of a row; each holds its `Window` too.

        Raises:
            DataError: when there are too many.
        """
        return [
            {
                "input_ids": window.input_ids,
                "segment_ids": window.segment_ids,
                "window": window,
            }
            for window in self.windows(self._question(row))
        ]

    def answer(self, row: dict, inputs: list[dict], outputs: list) -> dict:
        """Return the answer, from all windows and their outputs.

        `answer` is None where there is none. Places count characters of the
        context. The higher `null_odds`, the less likely is an answer. `cut`
        says whether the question lost its end.
        """
        windows = [made["window"] for made in inputs]
        found = self.decode(self._question(row), windows, outputs)
        unanswerable = (
            self.task.has_null_answers
            and found.null_odds > self.settings.qa_na_threshold
        )
        nothing = unanswerable or found.begin < 0
        begin, end = found.begin, found.end
        return {
            "answer": None if nothing else row["context"][begin:end],
            "begin": None if nothing else begin,
            "end": None if nothing else end,
            "score": found.score,
            "null_odds": found.null_odds,
            "cut": any(window.cut for window in windows),
        }

    def _question(self, row: dict) -> passages.Question:
        passage = self._passage(row["context"])
        return passages.Question(0, "", row["question"], passage, [])


ANSWERS: dict[str, Any] = {
    "classification": SentenceAnswers,
    "multilabel": SentenceAnswers,
    "regression": SentenceAnswers,
    "multiple_choice": ChoiceAnswers,
    "tagging": TagAnswers,
    "joint_question_answering": SpanAnswers,
    "independent_question_answering": SpanAnswers,
}


def of(tuned, task):
    """Return what makes inputs and answers for a `FinetunedModel`'s task."""
    return ANSWERS[task.head.kind](task, tuned.settings, tuned.tokenizer)


def _list_problem(answers, row: dict, name: str, least: int) -> str:
    """Say what is wrong with a list of texts in a row; "" for nothing."""
    values = row.get(name)
    good = isinstance(values, list | tuple) and len(values) >= least
    if good and all(isinstance(v, str) and v.strip() for v in values):
        keeps = map(answers.tokenizer.basic.keeps_any, values)
        # A word without tokens has a tag, as in training.
        kept = any(keeps) if name == "words" else all(keeps)
        return "" if kept else f"{name!r} has {_NO_TOKEN}"
    of = f" of at least {least}" if least > 1 else " of"
    return f"{name} must be a list{of} texts; received {shown(values)}"


_NO_TOKEN = "no token: nothing but characters that the tokenizer drops"


def tell_unread(answers, rows: Sequence[Mapping]) -> None:
    """Say which values of rows have no effect."""
    known = {*answers.fields, *answers.optional, "id"}
    names = dict.fromkeys(name for row in rows for name in row)
    if unread := [str(name) for name in names if name not in known]:
        logging.warning(
            f"These columns are not read: {', '.join(unread)}. Those that are: "
            f"{', '.join((*answers.fields, *answers.optional))}."
        )
    given = (row.get("words") is not None and "text" in row for row in rows)
    if "words" in known and any(given):
        logging.warning("Of rows with words the text is not read.")


def problem(answers, row: dict) -> str:
    """Say what is wrong with a row; "" for nothing."""
    if row.get("words") is not None and "words" in answers.optional:
        return _list_problem(answers, row, "words", 1)
    for name in answers.fields:
        value = row.get(name)
        why = ", which the model has learnt texts with" * (name == PAIR)
        if name == "choices":
            least = choices.LEAST_CHOICES
            if wrong := _list_problem(answers, row, name, least):
                return wrong
            continue
        if not isinstance(value, str):
            names = ", ".join(map(str, row)) or "nothing"
            have = shown(value) if name in row else names
            return f"no text for {name!r}{why}; the row has {have}"
        if not value.strip():
            return f"{name!r} is empty{why}"
        if not answers.tokenizer.basic.keeps_any(value):
            return f"{name!r} has {_NO_TOKEN}"
    for name in answers.optional:
        if not isinstance(row.get(name), str | None):
            return f"{name!r} must be a text; received {row[name]!r}"
    if answers.task.has_pairs is False and (row.get(PAIR) or "").strip():
        return (
            f"the model has learnt texts without {PAIR!r}; received "
            f"{shown(row[PAIR])}"
        )
    return ""
