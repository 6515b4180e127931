"""Whole words: never a part of one, and the share of tokens that is wanted."""

import numpy as np
import pytest

from electra_tf.pretraining import masking, masking_strategies, objectives
from electra_tf.pretraining.masking import Batch, MaskingConfig
from electra_tf.pretraining.pretrainer import Pretrainer
from electra_tf.randomness import RandomStream
from tests import tiny

# A third of the pieces continue a word.
CONTINUES = np.arange(tiny.VOCAB_SIZE) >= 35


def choices_of(batch, share=0.15, step=0, most=None, continues=CONTINUES):
    most = most or int(np.ceil(share * batch.input_ids.shape[1]))
    stream = RandomStream(0, step)
    config = MaskingConfig(
        tiny.SPECIAL, share, most, "whole_words", continues_word=continues
    )
    return masking_strategies.draw(batch, config, tiny.VOCAB_SIZE, stream)


def masked_of(batch, choices, **shares):
    most = choices.positions.shape[1]
    config = MaskingConfig(tiny.SPECIAL, 0.15, most, "whole_words", **shares)
    return masking_strategies.mask(batch, config, choices)


def words_of(batch):
    """Return the positions of each word, a list a sequence, the plain way."""
    allowed = masking.maskable(batch, tiny.SPECIAL).numpy()
    found = []
    for ids, row in zip(batch.input_ids, allowed, strict=True):
        words, before = [], False
        for place, token in enumerate(ids):
            if row[place] and CONTINUES[token] and before:
                words[-1].append(place)
            elif row[place]:
                words.append([place])
            before = row[place]
        found.append(words)
    return found


@pytest.mark.parametrize("share", [0.05, 0.15, 0.5, 0.95])
def test_words_are_whole(share):
    batch = tiny.batch(size=100, length=40)
    batch.input_ids[:, 5] = tiny.SPECIAL.mask_id
    for step in range(5):
        positions = choices_of(batch, share, step).positions.numpy()
        for row, words in zip(positions, words_of(batch), strict=True):
            chosen = row[row > 0].tolist()
            assert len(set(chosen)) == len(chosen)
            whole = [set(word) <= set(chosen) for word in words]
            assert sum(
                len(word) for word, one in zip(words, whole, strict=True) if one
            ) == len(chosen)


@pytest.mark.parametrize("length", [64, 128, 512])
def test_share_of_tokens(length):
    """15 % of the real tokens, within 0.1 %, at any length."""
    batch = tiny.batch(size=min(4000, 512_000 // length), length=length)
    masked = masked_of(batch, choices_of(batch), mask_token_share=1.0)
    chosen = masked.weights.numpy().sum()
    hidden = (masked.input_ids.numpy() == tiny.SPECIAL.mask_id).sum()
    assert chosen == hidden
    assert abs(chosen / batch.input_mask.sum() - 0.15) < 0.001


def test_words_of_any_length_have_their_turn():
    """A piece of a long word is chosen about as often as any other."""
    batch = tiny.batch(size=4000, length=128)
    positions = choices_of(batch).positions.numpy()
    counts = np.zeros((2, 4))
    for row, words in zip(positions, words_of(batch), strict=True):
        chosen = set(row.tolist())
        for word in words:
            size = min(len(word), 4) - 1
            counts[:, size] += len(word), len(word) * (word[0] in chosen)
    shares = counts[1] / counts[0]
    # Words of four pieces and more: 0.12, with a standard error of 0.004.
    assert abs(shares - 0.15).max() < 0.045
    # Those of one piece, which fill up, a little more often.
    assert shares[0] > 0.15


def test_a_word_that_is_too_long_is_left_out():
    ids = np.full((1, 12), 40, np.int32)
    ids[0, 0], ids[0, -1] = tiny.SPECIAL.cls_id, tiny.SPECIAL.sep_id
    batch = Batch(ids, np.ones_like(ids), np.zeros_like(ids))
    choices = choices_of(batch, 0.5)
    assert not choices.positions.numpy().any()
    masked = masked_of(batch, choices)
    assert not masked.weights.numpy().any()
    np.testing.assert_array_equal(masked.input_ids, ids)


def test_pretraining_by_words():
    config = tiny.pretraining(mask_unit="word", max_seq_length=32)
    assert config.max_predictions_per_seq == 5
    with pytest.raises(ValueError, match="continues_word"):
        Pretrainer(config, tiny.SPECIAL)
    pretrainer = Pretrainer(config, tiny.SPECIAL, CONTINUES)
    output = pretrainer(
        tiny.batch(length=32), RandomStream(0, 0), training=True
    )
    losses = objectives.losses(config, output)
    assert all(np.isfinite(term.total) for term in losses.values())
