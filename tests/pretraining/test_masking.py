import numpy as np
import pytest

from electra_tf.configs import PretrainingConfig
from electra_tf.pretraining import masking, masking_strategies
from electra_tf.pretraining.masking import (
    Batch,
    MaskingConfig,
    MaskingRandomInputs,
)
from electra_tf.randomness import RandomStream
from tests import tiny

MOST = 4
MASK = tiny.SPECIAL.mask_id


def config_of(share=0.15, most=MOST, **more) -> MaskingConfig:
    return MaskingConfig(tiny.SPECIAL, share, most, **more)


def choices_of(batch, step=0, config=None):
    return masking_strategies.draw(
        batch, config or config_of(), tiny.VOCAB_SIZE, RandomStream(0, step)
    )


def masked_of(batch, choices, share, **more):
    config = config_of(share, **more)
    return masking_strategies.mask(batch, config, choices)


def test_special_tokens_and_padding_are_never_chosen():
    batch = tiny.batch(size=64)
    batch.input_ids[:, 3] = MASK
    allowed = masking.maskable(batch, tiny.SPECIAL).numpy()
    for step in range(20):
        positions = choices_of(batch, step).positions.numpy()
        assert np.take_along_axis(allowed, positions, axis=1).all()


def test_all_candidates_are_drawn_alike():
    batch = Batch(*(np.repeat(x, 500, axis=0) for x in tiny.batch(size=1)))
    positions = np.concatenate(
        [
            choices_of(batch, step).positions.numpy().ravel()
            for step in range(10)
        ]
    )
    allowed = masking.maskable(batch, tiny.SPECIAL).numpy()[0]
    counts = np.bincount(positions, minlength=allowed.size)
    expected = positions.size / allowed.sum()
    assert (counts[~allowed] == 0).all()
    deviation = np.abs(counts[allowed] - expected)
    assert (deviation < 5 * np.sqrt(expected)).all()


def test_a_sequence_without_candidates_chooses_position_0():
    ids = np.array([[2, 3, 0, 0]], np.int32)
    batch = Batch(ids, (ids > 0).astype(np.int32), np.zeros_like(ids))
    choices = choices_of(batch)
    np.testing.assert_array_equal(choices.positions, [[0] * MOST])
    masked = masked_of(batch, choices, 0.15)
    np.testing.assert_array_equal(masked.input_ids, ids)


def test_masking_by_hand():
    """Two chosen, one of them kept; unused slots are zero."""
    ids = np.array([[2, 11, 12, 13, 14, 15, 16, 3, 0, 0]], np.int32)
    batch = Batch(ids, (ids > 0).astype(np.int32), np.zeros_like(ids))
    choices = MaskingRandomInputs(
        positions=np.array([[4, 2, 6]], np.int32),
        replace=np.array([[0.1, 0.9, 0.1]], np.float32),
    )
    masked = masked_of(batch, choices, 0.25)
    np.testing.assert_array_equal(masked.positions, [[4, 2, 0]])
    np.testing.assert_array_equal(masked.ids, [[14, 12, 0]])
    np.testing.assert_array_equal(masked.weights, [[1, 1, 0]])
    expected = ids.copy()
    expected[0, 4] = MASK
    np.testing.assert_array_equal(masked.input_ids, expected)


def test_share_of_replaced_tokens():
    """Of the chosen tokens 85 % become [MASK], the others stay."""
    batch = tiny.batch(size=2000)
    masked = masked_of(batch, choices_of(batch), 0.06)
    assert (masked.weights.numpy().sum(axis=1) == 1).all()
    hidden = (masked.input_ids.numpy() == MASK).sum() / 2000
    assert abs(hidden - 0.85) < 4 * np.sqrt(0.85 * 0.15 / 2000)


@pytest.mark.parametrize("length, number", [(10, 2), (30, 4), (50, 8), (1, 1)])
def test_num_to_predict_rounds_half_to_even(length, number):
    # 0.15 in float32 is slightly above 0.15, so 1.5 -> 2 and 4.5 -> 4.
    mask = np.ones((1, length), np.int32)
    assert masking.num_to_predict(mask, 0.15, 19).numpy()[0] == number


def test_shares_of_bert():
    """Of the chosen tokens 80 % become [MASK], 10 % another, 10 % stay."""
    batch = tiny.batch(size=5000)
    shares = {"mask_token_share": 0.8, "random_token_share": 0.1}
    choices = choices_of(batch, config=config_of(**shares))
    masked = masked_of(batch, choices, 0.06, **shares)
    at = masked.positions.numpy()[:, :1]
    now = np.take_along_axis(masked.input_ids.numpy(), at, axis=1)
    before = np.take_along_axis(batch.input_ids, at, axis=1)
    spread = 4 * np.sqrt(0.1 * 0.9 / 5000)
    # Of the random tokens one in 50 is [MASK], and one the original.
    assert abs((now == MASK).mean() - 0.802) < spread * 4 / 3
    assert abs((now == before).mean() - 0.102) < spread
    others = now[(now != MASK) & (now != before)]
    counts = np.bincount(others, minlength=50)
    assert counts[MASK] == 0 and (np.delete(counts, MASK) > 0).all()


def test_random_tokens_by_hand():
    ids = np.array([[2, 11, 12, 13, 14, 3]], np.int32)
    batch = Batch(ids, np.ones_like(ids), np.zeros_like(ids))
    choices = MaskingRandomInputs(
        positions=np.array([[1, 2, 3]], np.int32),
        replace=np.array([[0.79, 0.81, 0.91]], np.float32),
        random_ids=np.array([[20, 21, 22]], np.int32),
    )
    config = config_of(mask_token_share=0.8, random_token_share=0.1)
    masked = masking.mask_tokens(batch, config, choices, np.array([3]))
    np.testing.assert_array_equal(masked.input_ids, [[2, MASK, 21, 13, 14, 3]])
    np.testing.assert_array_equal(masked.ids, [[11, 12, 13]])


@pytest.mark.parametrize("strategy", ["without_replacement", "rare_tokens"])
def test_distinct_positions_are_the_share_rounded_up(strategy):
    for size in (1, 64):
        batch = tiny.batch(size=size)
        allowed = masking.maskable(batch, tiny.SPECIAL).numpy()
        length = allowed.shape[1]
        for share in (0.15, 0.9):
            counts = np.arange(tiny.VOCAB_SIZE) ** 2
            config = config_of(
                share,
                length,
                strategy=strategy,
                mask_token_share=1.0,
                token_counts=counts,
            )
            choices = choices_of(batch, config=config)
            masked = masking_strategies.mask(batch, config, choices)
            hidden = masked.input_ids.numpy() == MASK
            wanted = np.ceil(batch.input_mask.sum(axis=1) * share - 1e-3)
            expected = np.minimum(wanted, allowed.sum(axis=1))
            np.testing.assert_array_equal(hidden.sum(axis=1), expected)
            np.testing.assert_array_equal(
                masked.weights.numpy().sum(axis=1), expected
            )
            assert allowed[hidden].all()


def sequences(draw, size, length):
    """Half of them full, the others of any length from 5."""
    lengths = draw.integers(5, length, size)
    lengths[::2] = length
    mask = (np.arange(length) < lengths[:, None]).astype(np.int32)
    ids = draw.integers(10, tiny.VOCAB_SIZE, mask.shape).astype(np.int32)
    ids[:, 0] = tiny.SPECIAL.cls_id
    ids[np.arange(size), lengths - 1] = tiny.SPECIAL.sep_id
    return Batch(ids * mask, mask, np.zeros_like(mask)), lengths


@pytest.mark.parametrize("length", [128, 512])
@pytest.mark.parametrize("kind", ["with_replacement", "without_replacement"])
def test_share_of_chosen_tokens(length, kind):
    """15 +- 0.1 %; without replacement it is rounded up, which is known."""
    config = PretrainingConfig(
        data_dir="-", model_name="-", max_seq_length=length, masking=kind
    )
    masking_config = config_of(
        most=config.max_predictions_per_seq,
        strategy=kind,
        mask_token_share=1.0,
    )
    draw = np.random.default_rng(0)
    chosen = tokens = rounded_up = 0
    for step in range(10):
        batch, lengths = sequences(draw, 300, length)
        choices = choices_of(batch, step, masking_config)
        masked = masking_strategies.mask(batch, masking_config, choices)
        chosen += masked.weights.numpy().sum()
        tokens += lengths.sum()
        if kind == "without_replacement":
            hidden = (masked.input_ids.numpy() == MASK).sum()
            assert hidden == masked.weights.numpy().sum()
            exact = 0.15 * lengths
            up = np.minimum(np.ceil(exact - 1e-9), lengths - 2)
            rounded_up += (up - exact).sum()
    share = (chosen - rounded_up) / tokens
    assert abs(share - 0.15) < 0.001, share


def test_distinct_positions_are_drawn_alike():
    batch = Batch(*(np.repeat(x, 5000, axis=0) for x in tiny.batch(size=1)))
    config = config_of(most=2, strategy="without_replacement")
    positions = choices_of(batch, config=config).positions.numpy()
    assert (positions[:, 0] != positions[:, 1]).all()
    allowed = masking.maskable(batch, tiny.SPECIAL).numpy()[0]
    counts = np.bincount(positions.ravel(), minlength=allowed.size)
    expected = positions.size / allowed.sum()
    deviation = np.abs(counts[allowed] - expected)
    assert (deviation < 5 * np.sqrt(expected)).all()


def test_rare_tokens_are_drawn_by_the_root_of_their_rarity():
    """Token 10 comes 15 times, 11 and 12 three: 1 + 15 is 4 times 1 + 3."""
    ids = np.repeat([[2, 10, 11, 12, 3]], 20000, axis=0).astype(np.int32)
    batch = Batch(ids, np.ones_like(ids), np.zeros_like(ids))
    counts = np.zeros(tiny.VOCAB_SIZE, int)
    counts[[10, 11, 12]] = 15, 3, 3
    config = config_of(most=1, strategy="rare_tokens", token_counts=counts)
    positions = choices_of(batch, config=config).positions.numpy()
    shares = np.bincount(positions.ravel(), minlength=5) / 20000
    np.testing.assert_allclose(shares, [0, 0.2, 0.4, 0.4, 0], atol=0.015)
