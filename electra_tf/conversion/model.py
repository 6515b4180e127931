"""A model between two formats: its shape, its arrays, its vocabulary.

No TensorFlow: whatever the format, a model here is arrays by name.
"""

import collections
import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from electra_tf.configs import (
    MODEL_SIZES,
    EncoderConfig,
    FinetuningConfig,
    encoder_config,
    num_heads,
)
from electra_tf.configs.objectives import (
    BASELINE,
    GENERATORS,
    OBJECTIVES,
    HeadLayer,
)
from electra_tf.conversion import layout
from electra_tf.errors import UserError
from electra_tf.text import tokenization

MAIN = "electra"
GENERATOR = "generator"
TOWERS = ("generator_ltr", "generator_rtl")
GENERATOR_HEAD = "generator_predictions"
CLOZE_HEAD = "cloze_predictions"
DISCRIMINATOR_HEAD = "discriminator_predictions"
TASKS = "task_specific"
SLOTS = ("adam_m", "adam_v")

# Settings of an encoder that stand in a model's config beside the overrides,
# or that a user may well change from one run to the next.
_NOT_OVERRIDES = (
    "vocab_size",
    "embedding_size",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
)
_LAYER = re.compile(r"encoder/layer_(\d+)/")
_TASK_LAYER = re.compile(
    rf"{TASKS}/(?P<task>.+)/(?P<layer>dense(?:_\d+)?|qa_hidden)/(?:kernel|bias)"
)


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """What a model is made of.

    Attributes:
        encoder: the main encoder's shape, the discriminator's.
        parts: names of all else, rows of `PARTS`.
        generator: shape of the generator, or of each of two towers.
        untied_generator_embeddings: whether the generator has its own.
        tasks: for each task its layers: kernel shape by name.
        do_lower_case: whether text is lower-cased.
        model_size: the named size whose defaults fine-tuning takes.
        step: how many updates the weights have seen, where known.
    """

    encoder: EncoderConfig
    parts: tuple[str, ...] = ()
    generator: EncoderConfig | None = None
    untied_generator_embeddings: bool = False
    tasks: Mapping[str, Mapping[str, tuple[int, int]]] = dataclasses.field(
        default_factory=dict
    )
    do_lower_case: bool = True
    model_size: str = "small"
    step: int | None = None

    @property
    def shapes(self) -> layout.Shapes:
        """Shape of every variable by name."""
        shapes = layout.encoder(MAIN, self.encoder)
        for part in self.parts:
            shapes |= PARTS[part](self)
        for task, layers in self.tasks.items():
            for layer, (inputs, outputs) in layers.items():
                name = f"{TASKS}/{task}/{layer}"
                shapes |= layout.dense(name, inputs, outputs)
        return shapes

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a run that builds this encoder."""
        hidden_size = self.encoder.hidden_size
        overrides: dict[str, Any] = {}
        if hidden_size != MODEL_SIZES[self.model_size].hidden_size:
            overrides["hidden_size"] = hidden_size
        implied = encoder_config(
            FinetuningConfig(
                data_dir=".",
                model_name=".",
                model_size=self.model_size,
                model_hparam_overrides=overrides,
            )
        )
        overrides |= {
            field.name: getattr(self.encoder, field.name)
            for field in dataclasses.fields(EncoderConfig)
            if field.name not in _NOT_OVERRIDES
            and getattr(self.encoder, field.name)
            != getattr(implied, field.name)
        }
        return {
            "model_size": self.model_size,
            "model_hparam_overrides": overrides,
            "embedding_size": self.encoder.embedding_size,
            "vocab_size": self.encoder.vocab_size,
            "do_lower_case": self.do_lower_case,
        }


def _own_encoder(name: str):
    return lambda config: layout.encoder(
        name, config.generator, config.untied_generator_embeddings
    )


def _main_head(layer: HeadLayer):
    return lambda config: layer.shapes(config.encoder)


def _generator_head(layer: HeadLayer):
    # Without an encoder of its own the head sits on the main one.
    return lambda config: layer.shapes(config.generator or config.encoder)


PARTS = {
    **{
        name: _own_encoder(name)
        for generator in GENERATORS.values()
        for name in generator.encoders
    },
    **{
        generator.head.name: _generator_head(generator.head)
        for generator in GENERATORS.values()
        if generator.head
    },
    **{
        layer.name: _main_head(layer)
        for objective in OBJECTIVES.values()
        for layer in objective.head_layers
    },
    BASELINE.name: _generator_head(BASELINE),
}


@dataclasses.dataclass(frozen=True)
class Model:
    """A model as arrays.

    Attributes:
        config: `ModelConfig`.
        variables: float32 arrays by name.
        vocab: content of vocab.txt, or None where there was none.
        slots: the optimizer's state by name: `<variable>/adam_m`, `/adam_v`.
        left_out: for everything that was not taken over, why.
    """

    config: ModelConfig
    variables: dict[str, np.ndarray]
    vocab: bytes | None = None
    slots: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)


def make(
    source: str,
    config: ModelConfig,
    variables: Mapping[str, np.ndarray],
    vocab: bytes | None,
    slots: Mapping[str, np.ndarray] | None = None,
    left_out: Mapping[str, str] | None = None,
) -> Model:
    """Return a `Model` after checking that everything fits together.

    Raises:
        ValueError: naming every variable and number that does not.
    """
    layout.check(config.shapes, shapes_of(variables), source)
    slots = _checked_slots(source, slots or {}, config.shapes)
    if vocab is not None:
        check_vocab(source, vocab, config.encoder.vocab_size)
    single = {
        name: as_float32(name, variables[name])
        for name in sorted(config.shapes)
    }
    return Model(config, single, vocab, slots, dict(left_out or {}))


def _checked_slots(source: str, slots: Mapping, shapes: layout.Shapes) -> dict:
    """Return the slots of the variables that are taken.

    Raises:
        ValueError: when a variable has one slot only, or a misshapen one.
    """
    wanted = {
        f"{name}/{slot}": shape
        for name, shape in shapes.items()
        for slot in SLOTS
        if any(f"{name}/{either}" in slots for either in SLOTS)
    }
    received = shapes_of(slots)
    wrong = [
        f"{name}: expected {shape}, received {received.get(name)}"
        for name, shape in wanted.items()
        if received.get(name) != shape
    ]
    if wrong:
        raise UserError(
            f"The optimizer's slots in {source} do not fit its variables:\n  "
            + "\n  ".join(wrong)
        )
    return {name: slots[name] for name in sorted(wanted)}


def shapes_of(variables: Mapping[str, np.ndarray]) -> layout.Shapes:
    """Return the shapes of arrays by name."""
    return {name: tuple(array.shape) for name, array in variables.items()}


def as_float32(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array in single precision, from single or half.

    Raises:
        ValueError: for other kinds of numbers.
    """
    if array.dtype not in (np.float32, np.float16):
        raise UserError(
            f"{name} must hold float32 or float16 numbers. Received: "
            f"{array.dtype}."
        )
    return np.ascontiguousarray(array, np.float32).reshape(array.shape)


def check_vocab(source: str, vocab: bytes, vocab_size: int):
    """Raise a ValueError unless the vocabulary has the model's size."""
    received = max(tokenization.load_vocabulary(vocab).values(), default=-1) + 1
    if received != vocab_size:
        raise UserError(
            f"The vocabulary has {received} word pieces, the model of {source} "
            f"{vocab_size}. Give the one it was trained with by --vocab_file."
        )


def without(variables: Mapping[str, Any], names: Iterable[str]) -> dict:
    """Return the items but those of some names, or below them.

    >>> without({"a/b": 1, "a/c": 2, "ab": 3}, ["a"])
    {'ab': 3}

    Raises:
        ValueError: for a name that stands for nothing.
    """
    rest = dict(variables)
    for name in names:
        found = [n for n in rest if n == name or n.startswith(f"{name}/")]
        if not found:
            raise UserError(
                f"Nothing to leave out is called {name!r}. Received: "
                f"{', '.join(sorted(variables))}."
            )
        for key in found:
            del rest[key]
    return rest


def infer(
    source: str, shapes: layout.Shapes, num_attention_heads: int | None = None
) -> ModelConfig:
    """Tell a model's config from its shapes.

    Shapes do not tell the heads: without `num_attention_heads` they are the
    released models', one for each 64 units.

    Args:
        source: str, where the shapes are from, for messages.
        shapes: shape by name.
        num_attention_heads: int, the main encoder's.
    """
    encoder = _encoder(source, MAIN, MAIN, shapes)
    if num_attention_heads:
        encoder = encoder.replace(num_attention_heads=num_attention_heads)
    return with_parts(
        source,
        ModelConfig(encoder, model_size=named_size(encoder)),
        shapes,
    )


def with_parts(
    source: str,
    config: ModelConfig,
    shapes: layout.Shapes,
    step: int | None = None,
) -> ModelConfig:
    """Return the config with the parts and tasks that the names tell of.

    A generator's shape is told as well, unless the config has it.
    """
    first = {name.split("/")[0] for name in shapes}
    parts = tuple(part for part in PARTS if part in first)
    networks = [part for part in parts if part in (GENERATOR, *TOWERS)]
    generator, untied = None, False
    if networks:
        untied = f"{networks[0]}/embeddings/word_embeddings" in shapes
        tables = networks[0] if untied else MAIN
        generator = config.generator or _encoder(
            source, networks[0], tables, shapes
        ).replace(hidden_act=config.encoder.hidden_act)
    return dataclasses.replace(
        config,
        parts=parts,
        tasks=_tasks(shapes),
        generator=generator,
        untied_generator_embeddings=untied,
        step=step,
    )


def named_size(encoder: EncoderConfig) -> str:
    """Return the model size of this depth and width, or else "small"."""
    shape = (encoder.num_hidden_layers, encoder.hidden_size)
    for name, size in MODEL_SIZES.items():
        if shape == (size.num_hidden_layers, size.hidden_size):
            return name
    return "small"


def _encoder(
    source: str, name: str, tables: str, shapes: layout.Shapes
) -> EncoderConfig:
    """Return an encoder's config from its variables' shapes."""
    layers = [
        int(match[1])
        for path in shapes
        if path.startswith(f"{name}/")
        and (match := _LAYER.match(path.removeprefix(f"{name}/")))
    ]
    block = f"{name}/encoder/layer_0"
    needed = {
        "words": f"{tables}/embeddings/word_embeddings",
        "types": f"{tables}/embeddings/token_type_embeddings",
        "positions": f"{tables}/embeddings/position_embeddings",
        "inside": f"{block}/intermediate/dense/kernel",
    }
    missing = [
        path for path in needed.values() if len(shapes.get(path, ())) != 2
    ]
    if missing:
        raise UserError(
            f"{source} holds no ELECTRA: {', '.join(missing)} "
            f"missing. It has: {', '.join(sorted(shapes)) or 'nothing'}."
        )
    size = {key: shapes[path] for key, path in needed.items()}
    return EncoderConfig(
        vocab_size=size["words"][0],
        hidden_size=size["inside"][0],
        num_hidden_layers=max(layers) + 1,
        num_attention_heads=num_heads(size["inside"][0]),
        intermediate_size=size["inside"][1],
        embedding_size=size["words"][1],
        max_position_embeddings=size["positions"][0],
        type_vocab_size=size["types"][0],
    )


def _tasks(shapes: layout.Shapes) -> dict:
    """Return the kernel shapes of the tasks' layers."""
    tasks: dict = collections.defaultdict(dict)
    for name, shape in shapes.items():
        match = _TASK_LAYER.fullmatch(name)
        if match and name.endswith("/kernel") and len(shape) == 2:
            tasks[match["task"]][match["layer"]] = shape
    return dict(tasks)
