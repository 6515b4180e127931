"""The names that Hugging Face's transformers gives to the variables.

One function a layer, so the file has the shape of the model.
"""

import typing
from collections.abc import Callable

from electra_tf.configs import EncoderConfig
from electra_tf.conversion.model import (
    DISCRIMINATOR_HEAD,
    GENERATOR_HEAD,
    MAIN,
    TASKS,
)


class Pair(typing.NamedTuple):
    """One array under both names.

    Attributes:
        ours: str.
        theirs: str.
        transposed: whether they keep it the other way round.
    """

    ours: str
    theirs: str
    transposed: bool = False


def dense(ours: str, theirs: str) -> list[Pair]:
    """A linear layer.

    >>> dense("a/b", "c.d")[0]
    Pair(ours='a/b/kernel', theirs='c.d.weight', transposed=True)
    """
    return [
        Pair(f"{ours}/kernel", f"{theirs}.weight", transposed=True),
        Pair(f"{ours}/bias", f"{theirs}.bias"),
    ]


def normalization(ours: str, theirs: str) -> list[Pair]:
    """A layer normalisation."""
    return [
        Pair(f"{ours}/LayerNorm/gamma", f"{theirs}.LayerNorm.weight"),
        Pair(f"{ours}/LayerNorm/beta", f"{theirs}.LayerNorm.bias"),
    ]


def embeddings(ours: str, theirs: str) -> list[Pair]:
    """The three tables and their normalisation."""
    tables = ("word_embeddings", "token_type_embeddings", "position_embeddings")
    return [
        *(Pair(f"{ours}/{name}", f"{theirs}.{name}.weight") for name in tables),
        *normalization(ours, theirs),
    ]


def block(ours: str, theirs: str) -> list[Pair]:
    """One transformer layer."""
    layers = [
        *(f"attention/self/{part}" for part in ("query", "key", "value")),
        "attention/output/dense",
        "intermediate/dense",
        "output/dense",
    ]
    norms = ["attention/output", "output"]
    return [
        *_each(dense, layers, ours, theirs),
        *_each(normalization, norms, ours, theirs),
    ]


def _each(layer: Callable, names: list[str], ours: str, theirs: str):
    for name in names:
        dotted = name.replace("/", ".")
        yield from layer(f"{ours}/{name}", f"{theirs}.{dotted}")


def encoder(config: EncoderConfig, theirs: str = "electra.") -> list[Pair]:
    """An encoder with its embeddings."""
    pairs = embeddings(f"{MAIN}/embeddings", f"{theirs}embeddings")
    if config.embedding_size != config.hidden_size:
        pairs += dense(
            f"{MAIN}/embeddings_project", f"{theirs}embeddings_project"
        )
    for index in range(config.num_hidden_layers):
        pairs += block(
            f"{MAIN}/encoder/layer_{index}", f"{theirs}encoder.layer.{index}"
        )
    return pairs


def discriminator_head() -> list[Pair]:
    """What ElectraForPreTraining has on the encoder."""
    name = DISCRIMINATOR_HEAD
    return [
        *dense(f"{name}/dense", f"{name}.dense"),
        *dense(f"{name}/dense_1", f"{name}.dense_prediction"),
    ]


def generator_head() -> list[Pair]:
    """What ElectraForMaskedLM has; its matrix is the word embeddings."""
    name = GENERATOR_HEAD
    return [
        *dense(f"{name}/dense", f"{name}.dense"),
        *normalization(name, name),
        Pair(f"{name}/output_bias", "generator_lm_head.bias"),
    ]


class Part(typing.NamedTuple):
    """What one of their folders holds of a model.

    Attributes:
        architecture: their class.
        head: what is on the encoder, in our names; "" for nothing.
        pairs: function from the encoder's config and the task to `Pair`s.
    """

    architecture: str
    head: str
    pairs: Callable[[EncoderConfig, str], list[Pair]]


PARTS = {
    "encoder": Part("ElectraModel", "", lambda c, _: encoder(c, theirs="")),
    "discriminator": Part(
        "ElectraForPreTraining",
        DISCRIMINATOR_HEAD,
        lambda c, _: [*encoder(c), *discriminator_head()],
    ),
    "generator": Part(
        "ElectraForMaskedLM",
        GENERATOR_HEAD,
        lambda c, _: [*encoder(c), *generator_head()],
    ),
    "classification": Part(
        "ElectraForSequenceClassification",
        TASKS,
        lambda c, task: [
            *encoder(c),
            *dense(f"{TASKS}/{task}/dense", "classifier.out_proj"),
        ],
    ),
    "token_classification": Part(
        "ElectraForTokenClassification",
        TASKS,
        lambda c, task: [
            *encoder(c),
            *dense(f"{TASKS}/{task}/dense", "classifier"),
        ],
    ),
    "question_answering": Part(
        "ElectraForQuestionAnswering",
        TASKS,
        lambda c, task: [
            *encoder(c),
            *dense(f"{TASKS}/{task}/dense", "qa_outputs"),
        ],
    ),
}
