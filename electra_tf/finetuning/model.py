"""An encoder and one head per task, from features to losses.

B batch.
"""

import dataclasses
import re

import keras
from keras import ops

from electra_tf.configs import EncoderConfig
from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.finetuning.heads import HEADS
from electra_tf.finetuning.span_heads import SpanHead
from electra_tf.finetuning.tasks.task import Task
from electra_tf.loss_terms import PER_EXAMPLE, LossTerm
from electra_tf.randomness import RandomStream, scoped


def head_of(task, hidden_size: int, **kwargs) -> keras.layers.Layer:
    """Return the head of a task, without weights yet."""
    kind, size, options = task.head
    return HEADS[kind](size, hidden_size, name=task.name, **options, **kwargs)


class FinetuningModel:
    """An encoder with heads, to be trained.

    Not a Keras layer itself, so that the variables carry the names of the
    original's checkpoints: `electra/...` and `task_specific/<task>/...`.
    `task_id` in a batch counts along the tasks.

    Args:
        config: `EncoderConfig`.
        tasks: list of `Task`.
        lookup: how tokens are looked up, see `electra_tf.layers.embeddings`.
        is_given: whether the encoder's weights will be assigned, so that none
            need be drawn; those of the heads are the same either way.
    """

    def __init__(
        self,
        config: EncoderConfig,
        tasks: list[Task],
        lookup: str = "gather",
        is_given: bool = False,
        recompute: bool = False,
        scan: bool = False,
    ):
        if is_given:
            config = dataclasses.replace(config, initializer_range=0.0)
        self.encoder = Encoder(
            config,
            lookup=lookup,
            recompute=recompute,
            scan=scan,
            name="electra",
        )
        self.encoder.build()
        self.heads = [head_of(task, config.hidden_size) for task in tasks]
        with keras.name_scope("task_specific"):
            for head in self.heads:
                head.build()

    @property
    def variables(self) -> dict:
        """All variables by path; the paths are those of the original."""
        layers = [self.encoder, *self.heads]
        return {v.path: v for layer in layers for v in layer.weights}

    def __call__(
        self,
        features: dict,
        random: RandomStream | None,
        only: str = "",
        training: bool = False,
    ) -> dict[str, dict]:
        """Run the heads on a batch, see `electra_tf.finetuning.inputs`.

        `only` names the one task to run. In training heads for spans look at
        the labels; dropout goes by the stream alone.

        Returns the outputs of each task's head, for all examples of the batch,
        whatever their task.
        """
        encoded = self.encoder(
            features["input_ids"],
            input_mask=features["input_mask"],
            segment_ids=features["segment_ids"],
            random=scoped(random, "electra"),
        )
        return {
            head.name: head(
                encoded,
                features,
                random=scoped(random, head.name),
                training=training and isinstance(head, SpanHead),
            )
            for head in self.heads
            if only in ("", head.name)
        }

    def losses(
        self, features: dict, random: RandomStream | None, training: bool = True
    ) -> dict:
        """The `LossTerm`s of a training step: sums of each task's examples.

        Their means are only reported.
        """
        # Padding examples belong to no task, so they count nothing.
        terms, task_ids = {}, features["task_id"]
        outputs = self(features, random, training=training)
        for index, (name, output) in enumerate(outputs.items()):
            losses = output["loss"]
            is_ours = task_ids == index
            total = ops.sum(ops.where(is_ours, losses, ops.zeros_like(losses)))
            terms[f"{name}_loss"] = LossTerm(1.0, total)
            # Of an example that is several inputs the first one counts.
            choice = features.get(f"{name}_choice")
            if choice is not None:
                is_ours = ops.logical_and(is_ours, choice == 1)
            count = ops.sum(ops.cast(is_ours, "float32"))
            terms[f"{name}_loss{PER_EXAMPLE}"] = LossTerm(None, total, count)
        return terms


def rate_multipliers(
    paths, num_layers: int, decay: float, top_exponent: int
) -> dict[str, float]:
    """Return the factor of the learning rate of each variable, by path.

    The lower a layer, the slower it learns (ELECTRA, appendix B; there the
    decay of the top layer is not said; the released code has decay ** 2). The
    factor is decay ** (num_layers + top_exponent - depth), where the depth of
    the embeddings and their projection is 0, that of layer i (from 0) i + 1.
    The tasks' heads have the full rate; without decay, all variables have it.

    >>> paths = ["electra/encoder/layer_1/output/dense/bias",
    ...          "electra/embeddings/word_embeddings"]
    >>> list(rate_multipliers(paths, 2, decay=0.5, top_exponent=2).values())
    [0.25, 0.0625]
    """
    if decay <= 0:
        return dict.fromkeys(paths, 1.0)
    top = num_layers + top_exponent

    def multiplier(path: str) -> float:
        if path.startswith("task_specific/"):
            return 1.0
        return decay ** (top - _depth(path))

    return {path: multiplier(path) for path in paths}


def _depth(path: str) -> int:
    if layer := re.search(r"/encoder/layer_(\d+)/", path):
        return int(layer[1]) + 1
    if re.search(r"/embeddings(_project)?/", path):
        return 0
    raise UserError(
        "Layer-wise learning rates know embeddings, encoder layers and "
        f"task_specific heads. Received: the variable {path!r}."
    )
