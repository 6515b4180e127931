"""Where KerasHub's ElectraBackbone keeps its variables in `.weights.h5`.

Keras counts the layers of each class in the order of the model, and the
variables of a layer: `layers/dense_1/vars/0` is the kernel of the second dense
layer. One function a layer, so the file has the shape of the model.
"""

import typing

from electra_tf.configs import EncoderConfig
from electra_tf.conversion.layout import EMBEDDINGS, PROJECTION, Shapes
from electra_tf.conversion.model import MAIN

Shape = tuple[int, ...]
# Before it had public names, Keras wrote these layers under private ones.
_PRIVATE = tuple(
    f"/_{part}_dense/" for part in ("query", "key", "value", "output")
)


class Pair(typing.NamedTuple):
    """One array under both names; the same numbers in the same order.

    Attributes:
        ours: str.
        theirs: str.
        shape: theirs; attention heads have an axis of their own.
    """

    ours: str
    theirs: str
    shape: Shape


def dense(ours: str, theirs: str, inputs: Shape, outputs: Shape) -> list[Pair]:
    """A linear layer.

    >>> dense("ours", "layers/dense", (16,), (4, 4))[0]
    Pair(ours='ours/kernel', theirs='layers/dense/vars/0', shape=(16, 4, 4))
    """
    return [
        Pair(f"{ours}/kernel", f"{theirs}/vars/0", (*inputs, *outputs)),
        Pair(f"{ours}/bias", f"{theirs}/vars/1", outputs),
    ]


def normalization(ours: str, theirs: str, size: int) -> list[Pair]:
    """A layer normalisation."""
    return [
        Pair(f"{ours}/LayerNorm/gamma", f"{theirs}/vars/0", (size,)),
        Pair(f"{ours}/LayerNorm/beta", f"{theirs}/vars/1", (size,)),
    ]


def embeddings(config: EncoderConfig) -> list[Pair]:
    """The three tables and their normalisation."""
    ours, size = f"{MAIN}/{EMBEDDINGS}", config.embedding_size
    tables = {
        "word_embeddings": ("reversible_embedding", config.vocab_size),
        "token_type_embeddings": ("embedding", config.type_vocab_size),
        "position_embeddings": (
            "position_embedding",
            config.max_position_embeddings,
        ),
    }
    return [
        *(
            Pair(f"{ours}/{name}", f"layers/{theirs}/vars/0", (rows, size))
            for name, (theirs, rows) in tables.items()
        ),
        *normalization(ours, "layers/layer_normalization", size),
    ]


def projection(config: EncoderConfig) -> list[Pair]:
    """What brings embeddings to the hidden size, where the two differ."""
    if config.embedding_size == config.hidden_size:
        return []
    sizes = (config.embedding_size,), (config.hidden_size,)
    return dense(f"{MAIN}/{PROJECTION}", "layers/dense", *sizes)


def attention(ours: str, theirs: str, config: EncoderConfig) -> list[Pair]:
    """Self-attention with its output layer."""
    size = (config.hidden_size,)
    heads = (config.num_attention_heads, config.head_size)
    layer = f"{theirs}/_self_attention_layer"
    pairs = []
    for part in ("query", "key", "value"):
        names = f"{ours}/self/{part}", f"{layer}/{part}_dense"
        pairs += dense(*names, size, heads)
    return [
        *pairs,
        *dense(f"{ours}/output/dense", f"{layer}/output_dense", heads, size),
        *normalization(f"{ours}/output", f"{layer}_norm", *size),
    ]


def block(ours: str, theirs: str, config: EncoderConfig) -> list[Pair]:
    """One transformer layer."""
    size, inside = (config.hidden_size,), (config.intermediate_size,)
    layer = f"{theirs}/_feedforward"
    first = f"{ours}/intermediate/dense", f"{layer}_intermediate_dense"
    second = f"{ours}/output/dense", f"{layer}_output_dense"
    return [
        *attention(f"{ours}/attention", theirs, config),
        *dense(*first, size, inside),
        *dense(*second, inside, size),
        *normalization(f"{ours}/output", f"{layer}_layer_norm", *size),
    ]


def encoder(config: EncoderConfig) -> list[Pair]:
    """All of theirs that we have: everything but the pooler."""
    pairs = [*embeddings(config), *projection(config)]
    for index in range(config.num_hidden_layers):
        pairs += block(
            f"{MAIN}/encoder/layer_{index}",
            numbered("layers/transformer_encoder", index),
            config,
        )
    return pairs


def pooler(config: EncoderConfig) -> Shapes:
    """Kernel and bias of theirs alone: dense with tanh on the first token."""
    size = config.hidden_size
    name = numbered("layers/dense", 1 if projection(config) else 0)
    return {f"{name}/vars/0": (size, size), f"{name}/vars/1": (size,)}


def numbered(name: str, index: int) -> str:
    """Return Keras's name for a layer of a class.

    >>> numbered("layers/dense", 0), numbered("layers/dense", 1)
    ('layers/dense', 'layers/dense_1')
    """
    return f"{name}_{index}" if index else name


def current(name: str) -> str:
    """Return today's name of a variable that an older Keras saved.

    >>> current("a/_self_attention_layer/_query_dense/vars/0")
    'a/_self_attention_layer/query_dense/vars/0'
    """
    for part in _PRIVATE:
        name = name.replace(part, part.replace("/_", "/"))
    return name
