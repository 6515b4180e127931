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
    TokenizerConfig,
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
from electra_tf.text import vocabulary
from electra_tf.weights import check_finite

MAIN = "electra"
GENERATOR = "generator"
TOWERS = ("generator_ltr", "generator_rtl")
GENERATOR_HEAD = "generator_predictions"
CLOZE_HEAD = "cloze_predictions"
DISCRIMINATOR_HEAD = "discriminator_predictions"
TASKS = "task_specific"
SLOTS = ("adam_m", "adam_v")
FLOATS = ("float32", "float16", "bfloat16")  # What float32 can hold.
_HAVE_GENERATOR = (GENERATOR, *TOWERS, CLOZE_HEAD)

# Settings of an encoder that stand in a model's config beside the overrides,
# or that a user may well change from one run to the next.
_NOT_OVERRIDES = {"vocab_size", "embedding_size"} | {
    f"{place}_dropout_prob" for place in ("hidden", "attention_probs")
}
_TASK_LAYER = re.compile(
    rf"{TASKS}/(?P<task>.+)/(?P<layer>dense(?:_\d+)?|qa_hidden|hidden)/(?:kernel|bias)"
)


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The parts of a model and their sizes."""

    encoder: EncoderConfig  # Shape of the main encoder, the discriminator's.
    parts: tuple[str, ...] = ()  # Names of all else, keys of `PARTS`.
    # Shape of the generator, or of each of two towers.
    generator: EncoderConfig | None = None
    # Whether the generator has its own.
    untied_generator_embeddings: bool = False
    # For each task its layers: kernel shape by name.
    tasks: Mapping[str, Mapping[str, tuple[int, int]]] = dataclasses.field(
        default_factory=dict
    )
    do_lower_case: bool = True  # Whether text is lower-cased.
    # Whether accents are removed; None is as do_lower_case.
    strip_accents: bool | None = None
    # Whether each Chinese character is a word.
    tokenize_chinese_chars: bool = True
    # The longest word that is cut into pieces.
    max_input_chars_per_word: int = 200
    # The named size whose defaults fine-tuning takes.
    model_size: str = "small"
    # How many updates the weights have seen, where known.
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
        overrides: dict[str, Any] = {}
        if self.encoder.hidden_size != MODEL_SIZES[self.model_size].hidden_size:
            overrides["hidden_size"] = self.encoder.hidden_size
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
            **TokenizerConfig.of(self).tokenizer_settings,
        }


def _own_encoder(name: str):
    return lambda c: layout.encoder(
        name, c.generator, c.untied_generator_embeddings
    )


def _main_head(layer: HeadLayer):
    return lambda config: layer.shapes(config.encoder)


def _generator_head(layer: HeadLayer):
    # Without an encoder of its own the head sits on the main one.
    return lambda config: layer.shapes(config.generator or config.encoder)


# The shapes of a part's variables, by the part's name.
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
    """A model as arrays."""

    config: ModelConfig
    variables: dict[str, np.ndarray]  # Float32 arrays by name.
    # Content of vocab.txt, or None where there was none.
    vocab: bytes | None = None
    # The optimizer's state by name: `<variable>/adam_m`, `/adam_v`.
    slots: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    # For everything that was not taken over, why.
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    # What heads predict, a folder's tasks.json; None if unknown.
    tasks_json: dict[str, Any] | None = None


def make(
    source: str,
    config: ModelConfig,
    variables: Mapping[str, np.ndarray],
    vocab: bytes | None,
    slots: Mapping[str, np.ndarray] | None = None,
    left_out: Mapping[str, str] | None = None,
) -> Model:
    """Return a `Model` after checking that everything fits together."""
    for encoder in (config.encoder, config.generator):
        check_depth(source, encoder, variables)
    if config.generator is None and set(config.parts) & set(_HAVE_GENERATOR):
        raise UserError(
            f"The config of {source} has the parts {', '.join(config.parts)}, "
            "but no size of the generator."
        )
    shapes = config.shapes
    layout.check(shapes, shapes_of(variables), source)
    slots = _checked_slots(source, slots or {}, shapes)
    if vocab is not None:
        _check_vocab(source, vocab, config.encoder.vocab_size)
    single = {n: _as_float32(source, n, variables[n]) for n in sorted(shapes)}
    check_finite(source, {**single, **slots})
    return Model(config, single, vocab, slots, dict(left_out or {}))


def of_variables(
    source: str,
    encoder: EncoderConfig,
    variables: Mapping[str, np.ndarray],
    vocab: bytes,
    tokenizer_settings: Mapping[str, Any],
) -> Model:
    """Return the `Model` whose parts the names of its variables tell of."""
    size = named_size(encoder)
    config = ModelConfig(encoder, **tokenizer_settings, model_size=size)
    config = with_parts(source, config, shapes_of(variables))
    return make(source, config, variables, vocab)


def check_depth(
    source: str, encoder: EncoderConfig | None, arrays: Mapping
) -> None:
    """Check that an encoder has no more layers than there are arrays.

    Names are made for every layer, and a file may say any number of them.
    """
    if encoder is not None and encoder.num_hidden_layers > len(arrays):
        raise UserError(
            f"{source} has {len(arrays)} arrays, too few for "
            f"{encoder.num_hidden_layers} layers (num_hidden_layers)."
        )


def _checked_slots(source: str, slots: Mapping, shapes: layout.Shapes) -> dict:
    """Return the slots of the variables that are taken, two of each or none."""
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
    return {name: array.shape for name, array in variables.items()}


def _as_float32(source: str, name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.name not in FLOATS:
        raise UserError(
            f"{name} of {source} must hold numbers of one of the formats "
            f"{', '.join(FLOATS)}. Received: {array.dtype}."
        )
    return np.ascontiguousarray(array, np.float32).reshape(array.shape)


def _check_vocab(source: str, vocab: bytes, vocab_size: int):
    ids = vocabulary.load_vocabulary(vocab, f"of {source}")
    received = max((n for token, n in ids.items() if token), default=-1) + 1
    # Empty lines at the end name nothing, and may have rows all the same.
    if not received <= vocab_size <= max(received, *ids.values(), 0) + 1:
        raise UserError(
            f"The vocabulary has {received} word pieces, the model of {source} "
            f"{vocab_size}. Give the one it was trained with by --vocab_file."
        )


def renamed(name: str, rules: Iterable[tuple[str, str]]) -> str:
    """Return another program's name of a variable.

    Rules are regular expressions and their replacements, used in turn.

    >>> renamed("a/layer_3/kernel", [(r"layer_(\\d+)", r"\\1"), ("/", ".")])
    'a.3.kernel'
    """
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def without(variables: Mapping[str, Any], names: Iterable[str]) -> dict:
    """Return the items but those of some names, or below them.

    >>> without({"a/b": 1, "a/c": 2, "ab": 3}, ["a"])
    {'ab': 3}
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
    """Return the config of a model with variables of these shapes.

    Shapes do not tell the heads of attention: unless they are given they are
    the released models', one for each 64 units.
    """
    encoder = _encoder(source, MAIN, MAIN, shapes)
    if num_attention_heads:
        encoder = encoder.replace(num_attention_heads=num_attention_heads)
    config = ModelConfig(encoder, model_size=named_size(encoder))
    return with_parts(source, config, shapes)


def with_parts(
    source: str,
    config: ModelConfig,
    shapes: layout.Shapes,
    step: int | None = None,
) -> ModelConfig:
    """Return the config with the parts and tasks that the names tell of.

    So do the shapes of a generator's size, unless the config has it.
    """
    first = {name.split("/")[0] for name in shapes}
    parts = tuple(part for part in PARTS if part in first)
    networks = [name for name in (GENERATOR, *TOWERS) if name in first]
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
    needed = (
        f"{tables}/embeddings/word_embeddings",
        f"{tables}/embeddings/token_type_embeddings",
        f"{tables}/embeddings/position_embeddings",
        f"{name}/encoder/layer_0/intermediate/dense/kernel",
    )
    missing = [path for path in needed if len(shapes.get(path, ())) != 2]
    if missing:
        raise UserError(
            f"{source} holds no ELECTRA: {', '.join(missing)} missing. It "
            f"has: {', '.join(sorted(shapes)) or 'nothing'}."
        )
    words, types, positions, inside = (shapes[path] for path in needed)
    layer = re.compile(rf"{name}/encoder/layer_(\d{{1,9}})/")
    layers = [int(found[1]) for found in map(layer.match, shapes) if found]
    return EncoderConfig(
        vocab_size=words[0],
        hidden_size=inside[0],
        num_hidden_layers=max(layers) + 1,
        num_attention_heads=num_heads(inside[0]),
        intermediate_size=inside[1],
        embedding_size=words[1],
        max_position_embeddings=positions[0],
        type_vocab_size=types[0],
    )


def _tasks(shapes: layout.Shapes) -> dict:
    """Return the kernel shapes of the tasks' layers."""
    tasks: dict = collections.defaultdict(dict)
    for name, shape in shapes.items():
        match = _TASK_LAYER.fullmatch(name)
        if match and name.endswith("/kernel") and len(shape) == 2:
            tasks[match["task"]][match["layer"]] = shape
    return dict(tasks)
