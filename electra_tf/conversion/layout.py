"""Names and shapes of the encoders' variables; no TensorFlow.

The names are those of the original's checkpoints. One function a layer, so
the file has the shape of the model. The heads' are in
`electra_tf.configs.objectives`.
"""

from collections.abc import Mapping

from electra_tf.configs import EncoderConfig
from electra_tf.errors import UserError

Shapes = dict[str, tuple[int, ...]]

EMBEDDINGS = "embeddings"
# Of a message about arrays that do not fit: lines, and characters of each.
MOST_SAID, LONGEST = 50, 300
PROJECTION = "embeddings_project"


def dense(name: str, inputs: int, outputs: int) -> Shapes:
    """A linear layer.

    >>> dense("dense", 3, 2)
    {'dense/kernel': (3, 2), 'dense/bias': (2,)}
    """
    return {f"{name}/kernel": (inputs, outputs), f"{name}/bias": (outputs,)}


def normalization(name: str, size: int) -> Shapes:
    """A layer normalisation."""
    return {f"{name}/gamma": (size,), f"{name}/beta": (size,)}


def embeddings(name: str, config: EncoderConfig) -> Shapes:
    """The three tables and their normalisation."""
    size = config.embedding_size
    return {
        f"{name}/word_embeddings": (config.vocab_size, size),
        f"{name}/token_type_embeddings": (config.type_vocab_size, size),
        f"{name}/position_embeddings": (config.max_position_embeddings, size),
        **normalization(f"{name}/LayerNorm", size),
    }


def attention(name: str, config: EncoderConfig) -> Shapes:
    """Self-attention with its output layer."""
    size = config.hidden_size
    return {
        **dense(f"{name}/self/query", size, size),
        **dense(f"{name}/self/key", size, size),
        **dense(f"{name}/self/value", size, size),
        **dense(f"{name}/output/dense", size, size),
        **normalization(f"{name}/output/LayerNorm", size),
    }


def block(name: str, config: EncoderConfig) -> Shapes:
    """One transformer layer."""
    size, inside = config.hidden_size, config.intermediate_size
    return {
        **attention(f"{name}/attention", config),
        **dense(f"{name}/intermediate/dense", size, inside),
        **dense(f"{name}/output/dense", inside, size),
        **normalization(f"{name}/output/LayerNorm", size),
    }


def projection(name: str, config: EncoderConfig) -> Shapes:
    """The layer between embeddings and encoder, where their sizes differ."""
    if config.embedding_size == config.hidden_size:
        return {}
    return dense(name, config.embedding_size, config.hidden_size)


def encoder(
    name: str, config: EncoderConfig, own_embeddings: bool = True
) -> Shapes:
    """An encoder, with its embeddings unless they are another's."""
    shapes = projection(f"{name}/{PROJECTION}", config)
    if own_embeddings:
        shapes |= embeddings(f"{name}/{EMBEDDINGS}", config)
    for index in range(config.num_hidden_layers):
        shapes |= block(f"{name}/encoder/layer_{index}", config)
    return shapes


def check(
    expected: Mapping[str, tuple], received: Mapping[str, tuple], source: str
) -> None:
    """Check that names and shapes are those of a model.

    Args:
        expected: shapes by name, the model's.
        received: shapes by name, the file's.
        source: str, what was read, for the message.

    Raises:
        UserError: listing what is missing, too much or misshapen.
    """
    problems = [
        f"{name} {expected[name]} is missing"
        for name in expected
        if name not in received
    ]
    problems += [
        f"{name} has shape {received[name]}, the model's is {expected[name]}"
        for name in expected
        if received.get(name, expected[name]) != expected[name]
    ]
    problems += [
        f"{name} {received[name]} belongs to no part of the model"
        for name in received
        if name not in expected
    ]
    if problems:
        said = [problem[:LONGEST] for problem in sorted(problems)[:MOST_SAID]]
        if len(problems) > MOST_SAID:
            said.append(f"and {len(problems) - MOST_SAID} more")
        raise UserError(
            f"{source} does not fit the model that its config or its shapes "
            "tell of:\n  "
            + "\n  ".join(said)
            + "\nGive --leave_out with the names of what may be lost."
        )
