"""What a model's encoder puts out, to compare with another program's."""

import numpy as np

from electra_tf.configs import EncoderConfig
from electra_tf.conversion.model import Model
from electra_tf.encoder import Encoder

SEED = 0  # Of the input that both encoders are compared on.
MAX_LENGTH = 128


def random_inputs(config: EncoderConfig) -> tuple:
    """Two rows of random tokens, the second half as long.

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
    encoder = Encoder(model.config.encoder)
    encoder.build()
    for variable in encoder.variables:
        variable.assign(model.variables[variable.path])
    outputs = encoder(ids, input_mask=mask, segment_ids=segments)
    return np.asarray(outputs.sequence_output)


def difference(expected: np.ndarray, received: np.ndarray, mask) -> float:
    """Return the largest difference at real tokens."""
    return float(np.max(np.abs(expected - received)[mask.astype(bool)]))
