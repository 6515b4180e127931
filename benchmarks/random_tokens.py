"""Tokens to measure with, of BERT's uncased vocabulary."""

import numpy as np

VOCAB_SIZE, CLS, SEP, MASK = 30522, 101, 102, 103
FIRST_WORD = 1000


def ids(
    batch_size: int, length: int, vocab_size: int = VOCAB_SIZE
) -> np.ndarray:
    """Return random words, int32 `(batch, length)`, between [CLS] and [SEP]."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(FIRST_WORD, vocab_size, (batch_size, length))
    drawn[:, 0], drawn[:, -1] = CLS, SEP
    return drawn.astype(np.int32)


def special():
    """Return the ids of this vocabulary that networks know."""
    from electra_tf.pretraining.masking import SpecialTokens

    return SpecialTokens(CLS, SEP, MASK)


def batch(config):
    """Return a `Batch` of a config's shape, without padding."""
    from electra_tf.pretraining.masking import Batch

    shape = config.train_batch_size, config.max_seq_length
    drawn = ids(*shape, config.vocab_size)
    return Batch(drawn, np.ones_like(drawn), np.zeros_like(drawn))
