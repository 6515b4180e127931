"""The smallest of everything, for tests."""

import numpy as np

from electra_tf.configs import EncoderConfig, PretrainingConfig
from electra_tf.pretraining.masking import Batch, SpecialTokens
from electra_tf.pretraining.pretrainer import Pretrainer

SPECIAL = SpecialTokens(cls_id=2, sep_id=3, mask_id=4)
VOCAB_SIZE = 50
# A third of the pieces continue a word; none comes as often as another.
CONTINUES = np.arange(VOCAB_SIZE) >= 35
TOKEN_COUNTS = np.arange(VOCAB_SIZE)


def encoder(**changes) -> EncoderConfig:
    """An encoder config of 2 layers."""
    settings = {
        "vocab_size": VOCAB_SIZE,
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "embedding_size": 4,
        "max_position_embeddings": 32,
    }
    return EncoderConfig(**{**settings, **changes})


def pretraining(num_hidden_layers: int = 1, **changes) -> PretrainingConfig:
    """A pre-training config; a layer more takes half as long again to trace."""
    settings = {
        "data_dir": "unused",
        "model_name": "tiny",
        "vocab_size": VOCAB_SIZE,
        "embedding_size": 4,
        "max_seq_length": 16,
        "generator_hidden_size": 0.5,
        "train_batch_size": 4,
        "model_hparam_overrides": {
            "hidden_size": 8,
            "num_hidden_layers": num_hidden_layers,
            "num_attention_heads": 2,
            "max_position_embeddings": 32,
        },
    }
    return PretrainingConfig(**{**settings, **changes})


def pretrainer(config: PretrainingConfig) -> Pretrainer:
    """A model of any config, with what it needs to know of its vocabulary."""
    return Pretrainer(config, SPECIAL, CONTINUES, TOKEN_COUNTS)


def batch(size: int = 4, length: int = 16, seed: int = 0) -> Batch:
    """Sequences of several lengths, [CLS] first and [SEP] last."""
    rng = np.random.default_rng(seed)
    ids = np.zeros((size, length), np.int32)
    mask = np.zeros_like(ids)
    for row in range(size):
        real = rng.integers(length // 2, length + 1)
        ids[row, :real] = rng.integers(5, VOCAB_SIZE, real)
        ids[row, 0], ids[row, real - 1] = SPECIAL.cls_id, SPECIAL.sep_id
        mask[row, :real] = 1
    return Batch(ids, mask, np.zeros_like(ids))


class Noise:
    """A stream of random numbers whose draws are given."""

    def __init__(self, numbers):
        self.numbers = numbers

    def uniform(self, shape, name: str):
        assert tuple(shape) == np.shape(self.numbers)
        return self.numbers
