"""Features of a split as columns, and batches of them.

Features of every task:

    input_ids    ids of [CLS] text [SEP], and of [SEP]-ended second text
    input_mask   1 where input_ids holds a token, 0 for padding
    segment_ids  0 or 1
    task_id      position of the example's task among the tasks

An example has one input, or several that are computed together, as the choices
of a question. Padding fills the last batch, and gives the examples of a batch
equally many inputs: all zeros, their task_id is the number of tasks.

Training examples are shuffled anew in every epoch, as a function of (seed,
epoch); the original shuffles them once, and then within a buffer of 100. By
default batches then take examples of like length, see `BATCHINGS`.
"""

import dataclasses
import itertools
import typing

import numpy as np
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.finetuning.tasks.task import FeatureSpec, Task, say
from electra_tf.text import unknown

COMMON = (
    FeatureSpec("input_ids", per_token=True),
    FeatureSpec("input_mask", per_token=True),
    FeatureSpec("segment_ids", per_token=True),
    FeatureSpec("task_id"),
)
# Batches are padded to a multiple of this many tokens.
LENGTH_STEP = 2
# Examples to tokenize at a time, so that Python lists do not fill the memory.
CHUNK = 8192
# Batches among whose examples like lengths are looked for: enough to pad
# little, few enough that a batch holds other examples in each epoch.
POOL = 50
# Lengths that differ by less than this count as alike, or else a batch might
# hold one kind of example only: "yes" one token shorter than "not so".
LIKE_LENGTHS = 2.0
NO_TEXT = 2  # Tokens of an input that has only [CLS] and [SEP].


class Column(typing.NamedTuple):
    """Values of one feature."""

    # `(examples,)`; for a feature per token all lists together, `(tokens,)`.
    values: np.ndarray
    splits: np.ndarray | None = None  # `(examples + 1,)`, where lists begin.

    def example(self, index: int):
        """Return the value or the list of an example."""
        if self.splits is None:
            return self.values[index].item()
        begin, end = self.splits[index : index + 2]
        return self.values[begin:end].tolist()

    def tensor(self) -> tf.Tensor | tf.RaggedTensor:
        """Return all values; lists as a ragged tensor."""
        if self.splits is None:
            return tf.constant(self.values)
        return tf.RaggedTensor.from_row_splits(
            self.values, self.splits, validate=False
        )


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The features of a split."""

    specs: tuple[FeatureSpec, ...]
    columns: dict[str, Column]  # By the name of the feature.
    num_real: int  # Examples that are not padding; these stand first.
    # `(examples + 1,)`, where the inputs of each example begin.
    splits: np.ndarray
    num_cut: int = 0  # Examples that lost tokens, as they are too long.
    num_bare: int = 0  # Words that are [UNK], as all of them is dropped.

    def __len__(self) -> int:
        """Number of examples, padding included."""
        return len(self.splits) - 1

    @property
    def most_inputs(self) -> int:
        """Inputs of the example that has the most."""
        return int(np.diff(self.splits).max())

    @property
    def numbers(self) -> np.ndarray:
        """The inputs of each example: `(examples, most_inputs)`.

        Those that one lacks are the last input of all, which is padding.
        """
        places = self.splits[:-1, None] + np.arange(self.most_inputs)
        last = len(self.columns["task_id"].values) - 1
        return np.where(places < self.splits[1:, None], places, last)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each example; of several inputs those of the longest."""
        return self.longest(self.columns["input_ids"])

    def longest(self, column: Column) -> np.ndarray:
        """Return the most values that an input of each example has."""
        return np.maximum.reduceat(np.diff(column.splits), self.splits[:-1])

    @property
    def tokens(self) -> int:
        """Tokens of all examples."""
        return len(self.columns["input_ids"].values)


def specs_of(tasks: list[Task]) -> tuple[FeatureSpec, ...]:
    """Return the features that examples of some tasks have together."""
    return (*COMMON, *itertools.chain(*(t.feature_specs for t in tasks)))


def make(
    tasks: list[Task], examples: dict[str, list], tokenizer, batch_size: int
) -> Inputs:
    """Turn examples, by their tasks' names, into whole batches of features."""
    specs = specs_of(tasks)
    parts = {spec.name: [] for spec in specs}
    counts, num_cut, num_bare = [], 0, 0  # Inputs of each example.
    for task_id, task in enumerate(tasks):
        rows = examples.get(task.name, [])
        for start in range(0, len(rows), CHUNK):
            found = task.features(rows[start : start + CHUNK], tokenizer)
            groups = [row if isinstance(row, list) else [row] for row in found]
            counts += map(len, groups)
            num_cut += sum(any(r.get("cut") for r in group) for group in groups)
            features = [*itertools.chain(*groups)]
            num_bare += sum(row.get("bare", 0) for row in features)
            for row in features:
                row["input_mask"] = [1] * len(row["input_ids"])
                row["task_id"] = task_id
            _append(parts, specs, features)
    num_real = len(counts)
    num_padding = -num_real % batch_size
    counts += [1] * num_padding
    # Beside padding examples, an input to give examples equally many.
    num_padding += len({*counts}) > 1
    _append(parts, specs, [{"task_id": len(tasks)}] * num_padding)
    columns = {spec.name: _joined(spec, parts[spec.name]) for spec in specs}
    splits = np.cumsum([0, *counts])
    return Inputs(specs, columns, num_real, splits, num_cut, num_bare)


def _append(parts: dict, specs, features: list[dict]):
    """Add some examples' features; those a task lacks are zeros."""
    for spec in specs:
        empty = [] if spec.per_token else 0
        values = [row.get(spec.name, empty) for row in features]
        if spec.per_token:
            parts[spec.name] += [np.array(v, spec.dtype) for v in values]
        else:
            parts[spec.name].append(np.array(values, spec.dtype))


def _joined(spec: FeatureSpec, parts: list[np.ndarray]) -> Column:
    values = np.concatenate([np.zeros(0, spec.dtype), *parts])
    if not spec.per_token:
        return Column(values)
    return Column(values, np.cumsum([0, *map(len, parts)]))


def described(inputs: Inputs, index: int, tokenizer) -> str:
    """Return an example in words, input by input; see `_described`."""
    begin, end = inputs.splits[index : index + 2]
    return "\n".join(
        _described(inputs, n, tokenizer) for n in range(begin, end)
    )


def _described(inputs: Inputs, number: int, tokenizer) -> str:
    """Return the tokens of an input, and all of its features that are set."""
    values = {n: column.example(number) for n, column in inputs.columns.items()}
    tokens = " ".join(tokenizer.tokens[i] for i in values["input_ids"])
    lines = [
        f"  {name}: {value}"
        for name, value in values.items()
        if np.any(value) and name != "input_mask"
    ]
    return "\n".join([tokens, *lines])


def num_train_steps(inputs: Inputs, batch_size: int, epochs: float) -> int:
    """Return the updates of some epochs, at least one, as the original does."""
    steps = int(len(inputs) // batch_size * epochs)
    if not steps:
        raise UserError(
            f"num_train_epochs {epochs} of {inputs.num_real} examples make no "
            f"update of train_batch_size {batch_size}. Raise num_train_epochs."
        )
    return steps


def print_losses(made: Inputs, tokenizer, where: str, limits: str):
    """Print how many of the tokens are [UNK], and what else texts lose."""
    ids = made.columns["input_ids"].values
    counts = unknown.counts_of(ids, tokenizer)
    say("\n".join(unknown.report(counts, tokenizer, where)))
    if empty := int((made.lengths[: made.num_real] <= NO_TEXT).sum()):
        say(
            f"{empty} of {made.num_real} examples {where} have no token: their "
            "texts are nothing but characters that the tokenizer drops"
        )
    if made.num_bare:
        say(
            f"{made.num_bare} words {where} are nothing but characters that "
            "the tokenizer drops; each is read as [UNK]"
        )
    if made.num_cut:
        say(
            f"{made.num_cut} of {made.num_real} examples {where} are cut, for "
            f"they are longer than {limits}"
        )


def training_order(
    inputs: Inputs,
    batch_size: int,
    num_steps: int,
    seed: int,
    batching: str = "shuffled",
) -> np.ndarray:
    """Return which examples each batch holds, by a row of `BATCHINGS`."""
    batches_of, order = BATCHINGS[batching], []
    for epoch in range(-(-num_steps * batch_size // len(inputs))):
        generator = np.random.default_rng((seed, epoch))
        order.append(batches_of(inputs, batch_size, generator))
    return np.concatenate(order)[:num_steps]


def shuffled(inputs: Inputs, batch_size: int, generator) -> np.ndarray:
    """Return an epoch's batches of any examples; padding comes last."""
    padding = np.arange(inputs.num_real, len(inputs))
    order = [generator.permutation(inputs.num_real), padding]
    return np.reshape(np.concatenate(order), (-1, batch_size))


def by_length(inputs: Inputs, batch_size: int, generator) -> np.ndarray:
    """Return an epoch's batches of examples that are about as long."""
    # Pools of shuffled examples are sorted and cut into batches.
    order = shuffled(inputs, batch_size, generator).ravel()
    lengths = inputs.lengths[order]
    lengths = lengths + generator.uniform(0, LIKE_LENGTHS, len(order))
    pool = np.arange(len(order)) // (POOL * batch_size)
    order = order[np.lexsort((lengths, pool))]
    return generator.permutation(np.reshape(order, (-1, batch_size)))


# How an epoch's examples become batches.
BATCHINGS = {"by_length": by_length, "shuffled": shuffled, "fixed": shuffled}


def evaluation_order(inputs: Inputs, batch_size: int) -> np.ndarray:
    """Return batches of all examples, the longest first, to pad little."""
    order = np.argsort(-inputs.lengths, kind="stable")
    return np.reshape(order, (-1, batch_size))


def batches(
    inputs: Inputs,
    order: np.ndarray,
    length: int | None,
    most: int,
    context=None,
) -> tf.data.Dataset:
    """Return a replica's shares of global batches, in the given order.

    Args:
        inputs: of a split.
        order: int array `(steps, batch)`.
        length: to pad to; None for that of a batch's longest example.
        most: the most tokens of an example.
        context: `tf.distribute.InputContext`, whose replicas share a batch.
    """
    shares = _shares(order, context)  # [steps * replicas here, share]
    shares = inputs.numbers[shares].reshape(len(shares), -1)  # Of inputs.
    columns = {s.name: inputs.columns[s.name].tensor() for s in inputs.specs}

    def batch(chosen):
        picked = {name: tf.gather(c, chosen) for name, c in columns.items()}
        width = length or _width(picked, most)
        shape = [shares.shape[1], length]
        return {name: _dense(v, width, shape) for name, v in picked.items()}

    return (
        tf.data.Dataset.from_tensor_slices(shares)
        .map(batch, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def widths(
    inputs: Inputs,
    order: np.ndarray,
    length: int | None,
    most: int,
    replicas: int = 1,
) -> np.ndarray:
    """Return to how many tokens shares are padded: `(steps, replicas)`."""
    columns = inputs.columns.values()
    tokens = [inputs.longest(c) for c in columns if c.splits is not None]
    longest = np.max(tokens, axis=0)[order]
    longest = np.reshape(longest, (len(order), replicas, -1)).max(axis=-1)
    steps = np.maximum(-(-longest // LENGTH_STEP), 1)
    padded = np.minimum(steps * LENGTH_STEP, most)
    return padded if length is None else np.full_like(padded, length)


def _shares(order: np.ndarray, context) -> np.ndarray:
    """Cut global batches into those of this input pipeline's replicas."""
    steps, batch_size = order.shape
    replicas = context.num_replicas_in_sync if context else 1
    if batch_size % replicas:
        raise UserError(
            "Batch sizes must be multiples of the number of replicas, "
            f"{replicas}. Received: {batch_size}."
        )
    share = batch_size // replicas
    pipelines = context.num_input_pipelines if context else 1
    here = context.input_pipeline_id if context else 0
    parts = np.reshape(order, (steps, pipelines, -1, share))
    return np.reshape(parts[:, here], (-1, share))


def _width(picked: dict, most: int) -> tf.Tensor:
    """The least multiple of `LENGTH_STEP` that holds the longest list."""
    lengths = [
        tf.reduce_max(values.row_lengths())
        for values in picked.values()
        if isinstance(values, tf.RaggedTensor)
    ]
    longest = tf.cast(tf.reduce_max(lengths), tf.int32)
    steps = tf.maximum((longest + LENGTH_STEP - 1) // LENGTH_STEP, 1)
    return tf.minimum(steps * LENGTH_STEP, most)


def _dense(values, width, shape: list):
    """Ragged `(B, ...)` to padded `(B, width)`, of known shape; others stay."""
    if not isinstance(values, tf.RaggedTensor):
        return values
    padded = values.to_tensor()
    padded = tf.pad(padded, [[0, 0], [0, width - tf.shape(padded)[1]]])
    return tf.ensure_shape(padded, shape)
