"""Operations of fine-tuning and of using a model, as they are executed.

The terms are those of `executed_flops`. An input counts at the length that it
is padded to: its batch's longest, or `max_seq_length` where shapes are fixed.
Every example of a batch goes through the heads of all tasks.

>>> config = FinetuningConfig(
...     data_dir="D", model_name="M", task_names=("mnli",))
>>> heads = heads_of(config)
>>> heads
[Head(kind='classification', size=3, options={})]
>>> input_work(config, heads, 128).products
2625635840
>>> update_flops(config, heads, 128) > 30 * update_flops(config, heads, 4)
True
"""

import itertools
import statistics
import typing
from collections.abc import Callable, Mapping

from electra_tf.configs import EncoderConfig, FinetuningConfig, encoder_config
from electra_tf.configs.tasks import TASKS
from electra_tf.efficiency import networks
from electra_tf.efficiency.executed_flops import OPTIMIZER, Work, encoder_work

SPAN_HIDDEN_SIZE = 512  # Of the heads for questions.


class Head(typing.NamedTuple):
    """A task's head on the encoder; `finetuning.task.HeadSpec` will do, too."""

    kind: str  # A key of `HEADS`.
    size: int  # How many numbers it predicts.
    options: Mapping = {}  # Further arguments of the function in `HEADS`.


class Dense(typing.NamedTuple):
    """A linear layer."""

    rows: int  # Of its kernel.
    columns: int
    vectors: int = 1  # Of an input that it is put on.
    bias: bool = True

    @property
    def work(self) -> Work:
        """Operations on one input."""
        product = 2 * self.rows * self.columns * self.vectors
        return Work(product, 0, self.bias * self.columns * self.vectors)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return (self.rows + self.bias) * self.columns


def _joint_span_layers(
    hidden: int, length: int, size: int, starts: int = 1, **options
) -> list[Dense]:
    # Ends depend on a start: one in training, a beam of `starts` in prediction.
    # The layer between has one kernel for starts and tokens, each multiplied
    # once.
    return [
        Dense(hidden, 1, length),
        Dense(hidden, SPAN_HIDDEN_SIZE, length),
        Dense(hidden, SPAN_HIDDEN_SIZE, starts, bias=False),
        Dense(SPAN_HIDDEN_SIZE, 1, length * starts),
        *_answerable_layers(hidden, **options),
    ]


def _independent_span_layers(
    hidden: int, length: int, size: int, **options
) -> list[Dense]:
    scores = [Dense(hidden, 1, length)] * 2
    return scores + _answerable_layers(hidden, **options)


def _answerable_layers(
    hidden: int,
    answerable_classifier: bool = True,
    answerable_uses_start_logits: bool = True,
    **_,
) -> list[Dense]:
    if not answerable_classifier:
        return []
    if not answerable_uses_start_logits:
        return [Dense(hidden, 1)]
    return [Dense(2 * hidden, SPAN_HIDDEN_SIZE), Dense(SPAN_HIDDEN_SIZE, 1)]


def _sentence_layers(hidden: int, length: int, size: int, **_) -> list[Dense]:
    return [Dense(hidden, size)]


def _choice_layers(hidden: int, length: int, size: int, **_) -> list[Dense]:
    return [Dense(hidden, hidden), Dense(hidden, 1)]


def _tagging_layers(hidden: int, length: int, size: int, **_) -> list[Dense]:
    return [Dense(hidden, size, length)]  # If every token begins a word.


# Named as in electra_tf.finetuning.heads.
HEADS = {
    "classification": _sentence_layers,
    "multilabel": _sentence_layers,
    "regression": _sentence_layers,
    "multiple_choice": _choice_layers,
    "tagging": _tagging_layers,
    "joint_question_answering": _joint_span_layers,
    "independent_question_answering": _independent_span_layers,
}


def heads_of(config: FinetuningConfig) -> list[Head]:
    """Return the heads of a config's tasks; your own data have two labels."""
    names = ("answerable_classifier", "answerable_uses_start_logits")
    options = {name: getattr(config, name) for name in names}
    form = "joint" if config.joint_prediction else "independent"
    heads = []
    for row in map(TASKS.get, config.task_names):
        if row.head == "question_answering":
            heads.append(Head(f"{form}_{row.head}", row.outputs, options))
        else:
            heads.append(Head(row.head, row.outputs))
    return heads


def _layers(encoder: EncoderConfig, heads: list, length: int, starts: int):
    """Return the linear layers of all heads."""
    for head in heads:
        layers = HEADS[head.kind]
        options = {**head.options, "starts": starts}
        yield from layers(encoder.hidden_size, length, head.size, **options)


def input_work(
    config: FinetuningConfig, heads: list, length: int, starts: int = 1
) -> Work:
    """Return the work of one padded input of `length` tokens, without Adam.

    A joint prediction of answers follows up so many `starts`: 1 in training.
    """
    encoder = encoder_config(config)
    how = config.embedding_lookup, config.recompute
    body = encoder_work(encoder, length, *how)
    layers = _layers(encoder, heads, length, starts)
    return body.plus(*(layer.work for layer in layers))


def finetuning_parameters(config: FinetuningConfig, heads: list) -> int:
    """Return the weights that fine-tuning updates."""
    encoder = encoder_config(config)
    body = networks.layer_parameters(encoder)
    body += networks.embedding_parameters(encoder)
    layers = _layers(encoder, heads, length=1, starts=1)
    return body + sum(layer.parameters for layer in layers)


def inputs_of(config: FinetuningConfig) -> int:
    """Return how many inputs an example has: as many as a question choices."""
    return max(TASKS[name].choices for name in config.task_names)


def update_flops(
    config: FinetuningConfig, heads: list, length: int, inputs_each: int = 1
) -> int:
    """Return the operations of an update, all inputs padded to `length`."""
    work = input_work(config, heads, length)
    inputs = config.train_batch_size * inputs_each
    examples = inputs * (work.forward + work.backward)
    return examples + OPTIMIZER * finetuning_parameters(config, heads)


def flops_of_updates(
    config: FinetuningConfig, heads: list, widths, inputs_each: int = 1
) -> Callable[[int], float]:
    """Return the function from a number of updates to their operations.

    Args:
        config: of the run.
        heads: of the tasks, which are learnt together.
        widths: ints `(updates, replicas)`, the tokens that shares are padded
            to.
        inputs_each: inputs of an example.
    """
    lengths = {int(length) for share in widths for length in share}
    costs = {n: update_flops(config, heads, n, inputs_each) for n in lengths}
    # Replicas have equal shares, and Adam's part does not depend on lengths.
    updates = (statistics.fmean(costs[int(n)] for n in s) for s in widths)
    done = [*itertools.accumulate(updates, initial=0.0)]
    return done.__getitem__
