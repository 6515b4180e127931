"""Base of the models of fine-tuning's tasks: its heads, its folders."""

import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from electra_tf.conversion import formats
from electra_tf.conversion.model import Model
from electra_tf.errors import UserError, shown
from electra_tf.finetuning import finetuned_model
from electra_tf.finetuning.finetuned_model import (
    FinetunedModel,
    FinetunedTask,
    InputSettings,
)
from electra_tf.finetuning.model import head_of
from electra_tf.finetuning.serving.answers import (
    ANSWERS,
    PAIR,
    problem,
    tell_unread,
)
from electra_tf.finetuning.serving.network import LABELS
from electra_tf.finetuning.tasks.task import HeadSpec
from electra_tf.models import given
from electra_tf.models.encoder_model import EncoderModel
from electra_tf.models.tokenizer import Tokenizer
from electra_tf.models.training import IGNORED, SETTINGS, are_labels


class TaskModel(EncoderModel):
    """A model with one of fine-tuning's heads.

    Args:
        encoder, tokenizer, max_length: of `EncoderModel`.
        num_labels: int, how many labels there are.
        labels: their names, instead of their number.
        kind: str, which head, one of `KINDS`.
        task: `FinetunedTask` or its dict, instead of the three before.
        settings: `InputSettings` or its dict; of fine-tuning by default.
    """

    KINDS: tuple[str, ...] = ()
    TASK = ""  # The name of a new head, a part of its variables' names.
    OPTIONS: Mapping[str, Any] = {}

    def __init__(
        self,
        encoder,
        num_labels: int | None = None,
        labels: Sequence[str] | None = None,
        kind: str | None = None,
        task: FinetunedTask | Mapping[str, Any] | None = None,
        settings: InputSettings | Mapping[str, Any] | None = None,
        max_length: int | None = None,
        **kwargs,
    ):
        if task is None:
            task = self._new_task(kind or self.KINDS[0], num_labels, labels)
        if isinstance(task, Mapping):
            task = FinetunedTask.from_json(dict(task))
        self.task = task
        if settings is None:
            settings = InputSettings.of(SETTINGS)
        if isinstance(settings, Mapping):
            settings = InputSettings(**settings)
        self._usual_length = settings.max_seq_length
        super().__init__(encoder, max_length=max_length, **kwargs)
        self.settings = _of_length(settings, self.max_length)

    @classmethod
    def load(
        cls,
        folder: str,
        num_labels: int | None = None,
        labels: Sequence[str] | None = None,
        task: str | None = None,
        new_head: bool = False,
        dtype: Any = None,
        **kwargs,
    ):
        """Return the model of a folder, with its head or a new one.

        Args:
            folder: what `python -m electra_tf.conversion.convert` reads: a
                fine-tuned model, which comes with its head and labels, or a
                pre-trained one.
            num_labels, labels: of a new head, see the class.
            task: str, which head, where a folder has several.
            new_head: bool, whether to leave out a head that is there.
            dtype: Keras' policy, such as "mixed_bfloat16".
            **kwargs: other arguments of the class.

        Raises:
            FileNotFoundError: when no model is there.
            UserError: when the head that is there has other labels.
        """
        model = formats.read(folder)
        trained, settings = None, None
        if not new_head:
            trained, settings = cls._trained(model, folder, task)
        tokenizer = None
        if model.vocab is not None:
            tokenizer = Tokenizer.of_model(model, folder)
        arguments = {"tokenizer": tokenizer, "dtype": dtype, **kwargs}
        if trained is None:
            arguments |= {"num_labels": num_labels, "labels": labels}
        else:
            _check_labels(folder, trained, num_labels, labels)
            arguments |= {"task": trained, "settings": settings}
        made = cls(model.config.encoder, **arguments)
        made._assign(model, new_head=trained is None)
        if trained is None:
            print(
                f"{cls.__name__}: the head is new, {folder} has none for it. "
                "Train it with fit.",
                file=sys.stderr,
            )
        return made

    @classmethod
    def _trained(
        cls, model: Model, folder: str, name: str | None
    ) -> tuple[FinetunedTask | None, InputSettings | None]:
        """Return a folder's trained head and settings; None without any."""
        if model.tasks_json is None:
            return None, None
        tasks, settings = finetuned_model.said_of_tasks(
            model.tasks_json, folder, model.config
        )
        found = {t.name: t for t in tasks if t.head.kind in cls.KINDS}
        if (name is None and len(found) > 1) or name not in (None, *found):
            raise UserError(
                f"{folder} has the heads {', '.join(found) or 'of other kinds'}"
                f" for {cls.__name__}; choose one by task. Received: {name!r}."
            )
        if not found:
            return None, None
        return found[name] if name else next(iter(found.values())), settings

    def _new_task(self, kind: str, num_labels, labels) -> FinetunedTask:
        """Return the task of a new head."""
        if kind not in self.KINDS:
            raise UserError(
                f"kind must be one of {', '.join(self.KINDS)}. Received: "
                f"{kind!r}."
            )
        if labels is not None:
            labels = _names(labels)
            num_labels = len(labels) if num_labels is None else num_labels
        elif isinstance(num_labels, int | np.integer):
            labels = tuple(map(str, range(num_labels)))
        if not labels or len(labels) != num_labels:
            raise UserError(
                "A new head needs num_labels, or labels, their names, as many "
                f"as num_labels. Received: num_labels {num_labels}, labels "
                f"{labels}."
            )
        head = HeadSpec(kind, num_labels, self.OPTIONS)
        return FinetunedTask(self.TASK, head, labels)

    def _new_head(self) -> keras.layers.Layer:
        size = self.encoder.config.hidden_size
        head = head_of(self.task, size, dtype=self.dtype_policy)
        with keras.name_scope("task_specific"):
            head.build()
        return head

    def _of_head(self, encoded, inputs: dict, training, positions=None) -> dict:
        """Return all outputs of the head; labels are zeros if not given."""
        none = keras.ops.zeros_like(inputs["input_ids"][:, 0])
        labels = {"eid": none, **LABELS[self.task.head.kind](none, positions)}
        features = {
            "input_mask": inputs["input_mask"],
            "segment_ids": inputs["segment_ids"],
            **{
                f"{self.task.name}_{name}": inputs.get(name, value)
                for name, value in labels.items()
            },
        }
        return self.head(encoded, features, training=training)

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The names of the labels; None where there are none."""
        return self.task.labels

    def _numbers(self, labels):
        """Return labels' numbers for their names; other values stay."""
        if isinstance(labels, str):
            if self.labels is None or labels not in self.labels:
                known = ", ".join(self.labels or ()) or "no names"
                raise UserError(
                    f"Labels must be of {known}. Received: {labels!r}."
                )
            return self.labels.index(labels)
        if isinstance(labels, list | tuple):
            return [self._numbers(label) for label in labels]
        names = self.labels or ()
        places = tuple(map(str, range(len(names))))
        is_number = np.any(np.not_equal(labels, IGNORED))
        if is_number and names != places and all(map(str.isdecimal, names)):
            raise UserError(
                f"The names of labels are numbers, {', '.join(names)}; give "
                f"names, as texts. Received: {shown(labels)}."
            )
        return labels

    def _checked(self, numbers, axes: int) -> np.ndarray:
        """Return numbers of labels as an array, after checks."""
        found = given.whole_numbers(numbers, axes)
        size = self.task.head.size
        if found is None or not are_labels(found, size):
            raise UserError(
                f"Labels must be names, or whole numbers from 0 to {size - 1} "
                f"in an array of {axes} ax{'i' if axes == 1 else 'e'}s. "
                f"Received: {shown(np.asarray(numbers, object).tolist())}."
            )
        return found.astype(np.int32)

    def _answers(self):
        """Return what makes inputs of rows of texts, as in prediction."""
        kind = ANSWERS[self.task.head.kind]
        return kind(self.task, self.settings, self._reader())

    def fit(self, x=None, *args, **kwargs):
        """Train as `EncoderModel.fit`; whether texts have seconds is kept."""
        self._keep_has_pairs(x)
        return super().fit(x, *args, **kwargs)

    def train_on_batch(self, x, *args, **kwargs):
        """Update as `EncoderModel.train_on_batch`; see `fit`."""
        self._keep_has_pairs(x)
        return super().train_on_batch(x, *args, **kwargs)

    def _keep_has_pairs(self, x) -> None:
        """Keep whether texts to learn from have a second one."""
        kind = ANSWERS[self.task.head.kind]
        if PAIR not in (*kind.fields, *kind.optional):
            return
        found = self._have_pairs(x, kind)
        # Of ids it cannot be told; who learns both may be asked both.
        known = found.pop() if len(found) == 1 else None
        used = self.optimizer
        if used is not None and used.built and int(used.iterations.numpy()):
            known = known if known == self.task.has_pairs else None
        self.task = dataclasses.replace(self.task, has_pairs=known)

    def _have_pairs(self, x, kind) -> set[bool]:
        """Return whether texts have a second one; nothing for ids."""
        if isinstance(x, tf.data.Dataset):
            spec = x.element_spec
            texts = spec[0] if isinstance(spec, tuple) else spec
            kinds = {part.dtype for part in tf.nest.flatten(texts)}
            is_pair = isinstance(texts, tuple) and len(texts) > 1
            return {is_pair} if kinds == {tf.string} else set()
        if not given.is_whole(x):
            return set()
        x = given.listed(given.table(x))
        if not given.is_text(x):
            return set()
        rows = self._parsed(x, kind)
        pairs = (row.get(PAIR) for row in rows)
        return {isinstance(p, str) and bool(p.strip()) for p in pairs}

    def _parsed(self, texts, answers) -> list[dict]:
        """Return texts as rows of named fields."""
        return given.rows(texts, answers.texts)

    def _rows(self, texts, answers) -> list[dict]:
        """Return texts as rows that the answers' inputs are made of."""
        rows = self._parsed(texts, answers)
        tell_unread(answers, rows)
        for number, row in enumerate(rows):
            if wrong := problem(answers, row):
                raise UserError(f"Row {number}: {wrong}.")
        return rows

    def answers(self, texts, batch_size: int = 32) -> list[dict]:
        """Return what `electra_tf.load_predictor` says of texts.

        Args:
            texts: as of `predict`.
            batch_size: int, inputs that go through the network together.

        Raises:
            UserError: for a row that cannot be answered.
        """
        from electra_tf.finetuning.serving.text_predictor import TextPredictor
        from electra_tf.models.saving import model_of

        self._reader()
        tuned = _InMemory(
            self.name, (self.task,), self.settings, model_of(self)
        )
        predictor = TextPredictor(tuned, batch_size=batch_size)
        texts = given.listed(given.table(texts))
        rows = self._rows(texts, predictor.answers)
        return [*predictor(rows)]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make this model."""
        return {
            **super().get_config(),
            "task": self.task.to_json(),
            "settings": dataclasses.asdict(self.settings),
        }


def _names(labels) -> tuple[str, ...]:
    """Return names of labels, after checks; numbers must be their places."""
    if isinstance(labels, str | set | frozenset | Mapping):
        raise UserError(
            "labels must be a list of names, by their numbers. Received: "
            f"{shown(labels)}."
        )
    given_names = list(labels)
    names = tuple(map(str, given_names))
    places = range(len(names))
    if len({*names}) < len(names) or not all(
        isinstance(name, str) or name == place
        for name, place in zip(given_names, places, strict=True)
    ):
        raise UserError(
            "labels must be different texts, the names of the numbers from 0. "
            f"Received: {shown(given_names)}."
        )
    return names


def _of_length(settings: InputSettings, length: int) -> InputSettings:
    """Return settings for inputs of another length; windows still overlap."""
    if length == settings.max_seq_length:
        return settings
    return dataclasses.replace(
        settings,
        max_seq_length=length,
        max_query_length=min(settings.max_query_length, max(length // 2, 1)),
        doc_stride=min(settings.doc_stride, max(length // 4, 1)),
    )


class _InMemory(FinetunedModel):
    """A fine-tuned model that is in no folder."""

    @property
    def tokenizer(self) -> Tokenizer:
        return Tokenizer.of_model(self.model, self.path)


def _check_labels(folder: str, task: FinetunedTask, num_labels, labels):
    """Check labels that a user asks for against those of a trained head."""
    size, names = task.head.size, task.labels
    if num_labels not in (None, size) or (
        labels is not None and tuple(labels) != names
    ):
        raise UserError(
            f"The trained head of {os.path.basename(folder) or folder} has "
            f"{size} labels: {', '.join(names or ()) or 'numbers'}. Received: "
            f"num_labels {num_labels}, labels {labels}. Leave them out, or "
            "give new_head=True to train another head."
        )
