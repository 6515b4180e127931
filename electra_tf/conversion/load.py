"""A trained encoder from wherever its weights are, and what it computes."""

import numpy as np

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import formats
from electra_tf.conversion.model import Model
from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.text.tokenization import Tokenizer
from electra_tf.weights import assign

SEED = 0  # Of the input that two programs' encoders are compared on.
MAX_LENGTH = 128


def load_encoder(path: str, dtype=None) -> Encoder:
    """Return a model's main encoder, the discriminator's body.

    Args:
        path: a model folder, or any other that
            `python -m electra_tf.conversion.convert` reads.
        dtype: Keras' policy, such as "mixed_bfloat16".

    Returns:
        `Encoder`; call it with `input_ids` and, where there is padding,
        `input_mask`.

    Raises:
        FileNotFoundError: when no model is there.
        UserError: when its weights do not fit its config.
    """
    return encoder(formats.read(path), dtype)


def encoder(model: Model, dtype=None) -> Encoder:
    """Return the main encoder of a model, with its weights."""
    made = Encoder(model.config.encoder, dtype=dtype)
    made.build()
    variables = {variable.path: variable for variable in made.weights}
    assign(variables, model.variables)
    return made


def tokenizer(model: Model, source: str) -> Tokenizer:
    """Return the tokenizer of a model's vocabulary.

    Raises:
        UserError: when the model has none.
    """
    if model.vocab is None:
        raise UserError(f"{source} has no vocabulary, which texts need.")
    return Tokenizer.of_content(model.vocab, model.config)


def random_inputs(config: EncoderConfig) -> tuple:
    """Return two rows of random tokens, the second half as long.

    Returns:
        Token ids, input mask and segments, each int32 `(2, L)`.
    """
    length = min(config.max_position_embeddings, MAX_LENGTH)
    draw = np.random.default_rng(SEED).integers
    ids = draw(config.vocab_size, size=(2, length), dtype=np.int32)
    segments = draw(config.type_vocab_size, size=(2, length), dtype=np.int32)
    mask = np.ones_like(ids)
    mask[1, length // 2 :] = 0
    return ids, mask, segments


def sequence_output(model: Model, ids, mask, segments) -> np.ndarray:
    """Return the main encoder's output, float32 `(B, L, H)`."""
    outputs = encoder(model)(ids, input_mask=mask, segment_ids=segments)
    return np.asarray(outputs.sequence_output)


def largest_difference(
    expected: np.ndarray, received: np.ndarray, mask: np.ndarray
) -> float:
    """Return the largest difference of two `(B, L, H)` at real tokens."""
    return float(np.max(np.abs(expected - received)[mask.astype(bool)]))
