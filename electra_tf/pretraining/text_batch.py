"""Texts as a pre-trained network takes them."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from electra_tf.pretraining.masking import Batch
from electra_tf.text.tokenization import Tokenizer


def of_ids(
    texts: Sequence[Sequence[int]], tokenizer: Tokenizer, length: int
) -> Batch:
    """Return [CLS] text [SEP] of each text, int32 `(texts, length)` each.

    Args:
        texts: their ids; what does not fit is cut off.
        tokenizer: whose special tokens to take.
        length: to pad to.
    """
    ids = np.full((len(texts), length), tokenizer.pad_id, np.int32)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        tokens = [tokenizer.cls_id, *text[: length - 2], tokenizer.sep_id]
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return Batch(*map(tf.constant, (ids, mask, np.zeros_like(ids))))
