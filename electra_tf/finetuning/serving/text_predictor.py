"""A fine-tuned model that answers texts.

predict = electra_tf.load_predictor("FOLDER")
predict(["a good film"])
"""

import concurrent.futures
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from absl import logging

from electra_tf.errors import UserError, shown
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.finetuned_model import FinetunedModel
from electra_tf.finetuning.inputs import LENGTH_STEP
from electra_tf.finetuning.serving import answers
from electra_tf.finetuning.serving.network import Served, needs_positions
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.text import unknown
from electra_tf.text.unknown import Counts, counts_of

# Batches that go through the network at once: while one waits for the last of
# an operation's threads, or is read by Python, the cores have another to do.
BATCHES_AT_ONCE = 2


def load_predictor(
    folder: str, task: str | None = None, batch_size: int = 32
) -> "TextPredictor":
    """Return the predictor of a fine-tuned model.

    Args:
        folder: str, what `run_finetuning.py` wrote to `tuned_model_dir`.
        task: str, which of its tasks, where there are several.
        batch_size: int, inputs that go through the network together.

    Raises:
        FileNotFoundError: when there is no such folder.
        UserError: when its files do not fit each other.
    """
    return TextPredictor(finetuned_model.read(folder), task, batch_size)


class TextPredictor:
    """Answers texts by one task of a fine-tuned model; see `load_predictor`."""

    def __init__(
        self,
        tuned: FinetunedModel,
        task: str | None = None,
        batch_size: int = 32,
    ):
        if not isinstance(batch_size, int) or batch_size < 1:
            raise UserError(
                f"batch_size must be an int of at least 1. Received: "
                f"{batch_size!r}."
            )
        self.task = tuned.task(task)
        self.batch_size = batch_size
        self._threads = concurrent.futures.ThreadPoolExecutor(BATCHES_AT_ONCE)
        self._segments = tuned.encoder.type_vocab_size
        self.most = tuned.settings.max_seq_length
        self.tokenizer = tuned.tokenizer
        self.unknown = Counts()  # Of all tokens that were answered for.
        self._has_told = False
        self.answers = answers.of(tuned, self.task)
        # One trace for all shapes.
        ids = tf.TensorSpec((None, None), tf.int32)
        self._served = tf.function(
            Served(tuned, self.task),
            input_signature=[ids] * (3 + needs_positions(self.task)),
            autograph=False,
        )

    def __call__(self, rows: str | dict | Iterable) -> dict | list[dict]:
        """Return the answers of texts, in their order; of one, its answer.

        Args:
            rows: a text, or a dict; or texts, pairs of texts, or dicts: with
                `text` and `text_pair` if texts were learnt in pairs; for
                tagging `text`, or a list of `words`, which lists stand for;
                for questions `question` and `context`.

        Raises:
            UserError: for a row that cannot be answered.
        """
        if isinstance(rows, str | dict):
            return self([rows])[0]
        if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
            rows = rows.to_dict("records")  # A data frame of pandas.
        if not isinstance(rows, Iterable) or isinstance(rows, bytes):
            rows = [rows]
        made = [self.as_dict(row) for row in rows]
        answers.tell_unread(self.answers, made)
        found = self.answer(made)
        self._tell_unknown()
        for number, answer in enumerate(found):
            if "error" in answer:
                raise UserError(f"Row {number}: {answer['error']}.")
        return found

    def _tell_unknown(self) -> None:
        """Say once that many of the tokens up to now are unknown."""
        many = unknown.many_unknown(self.unknown, self.tokenizer)
        if many and not self._has_told:
            logging.warning(many)
            self._has_told = True

    def as_dict(self, row) -> dict:
        """Return a text, a pair or words as a dict of the task's fields."""
        if isinstance(row, dict):
            return row
        texts = (row,) if isinstance(row, str) else row
        names = self.answers.texts
        is_list = isinstance(texts, list | tuple | np.ndarray)
        if is_list and texts is row and "words" in self.answers.optional:
            return {"words": list(row)}
        if not is_list or len(texts) > len(names):
            raise UserError(
                f"A row must be a text, a tuple of {' and '.join(names)}, or a "
                f"dict. Received: {shown(row)}."
            )
        return dict(zip(names, texts, strict=False))

    def answer(self, rows: list[dict]) -> list[dict]:
        """Return an answer for each row, or what is wrong with it: `error`."""
        made = [self._inputs(row) for row in rows]
        inputs = [x for one in made if isinstance(one, list) for x in one]
        for one in inputs:
            self.unknown += counts_of(one["input_ids"], self.tokenizer)
        outputs = iter(self._outputs(inputs))
        return [
            {"error": one}
            if isinstance(one, str)
            else self.answers.answer(row, one, [next(outputs) for _ in one])
            for row, one in zip(rows, made, strict=True)
        ]

    def _inputs(self, row: dict) -> list[dict] | str:
        """Return a row's inputs, or what is wrong with it."""
        if problem := answers.problem(self.answers, row):
            return problem
        try:
            made = self.answers.inputs(row)
        except DataError as error:
            return str(error)
        most = max((max(one["segment_ids"]) for one in made), default=0)
        if most < self._segments:
            return made
        kinds = f"{self._segments} kind{'s' * (self._segments > 1)} of segments"
        return f"the model has {kinds}, and this takes {most + 1}"

    def _outputs(self, inputs: list[dict]) -> list[dict]:
        """Return the outputs of inputs; those of like length go together."""
        lengths = [len(made["input_ids"]) for made in inputs]
        # The longest first, so that threads end at about the same time.
        order = sorted(range(len(inputs)), key=lambda i: -lengths[i])
        starts = range(0, len(order), self.batch_size)
        batches = [order[i : i + self.batch_size] for i in starts]

        def outputs_of(chosen: list[int]) -> dict:
            batch = self._batch([inputs[i] for i in chosen])
            return {k: v.numpy() for k, v in self._served(*batch).items()}

        found = [{} for _ in inputs]
        for chosen, outputs in zip(
            batches, self._threads.map(outputs_of, batches), strict=True
        ):
            for place, index in enumerate(chosen):
                found[index] = {k: v[place] for k, v in outputs.items()}
        return found

    def _batch(self, inputs: list[dict]) -> list:
        """Return input_ids, input_mask, segment_ids and perhaps positions."""
        ids = [made["input_ids"] for made in inputs]
        columns = [
            ids,
            [[1] * len(row) for row in ids],
            [made["segment_ids"] for made in inputs],
        ]
        if needs_positions(self.task):
            columns.append([made["positions"] for made in inputs])
        return [
            _padded(column, max(self.most, *map(len, column), 1))
            for column in columns
        ]


def _padded(rows: list[list[int]], most: int):
    """int32 `(B, L)`, L a multiple of `LENGTH_STEP` or `most`."""
    longest = max(max(map(len, rows)), 1)
    width = min(-(-longest // LENGTH_STEP) * LENGTH_STEP, most)
    padded = np.zeros((len(rows), width), np.int32)
    for row, values in zip(padded, rows, strict=True):
        row[: len(values)] = values
    return tf.constant(padded)
