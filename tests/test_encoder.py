import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import (
    PretrainingConfig,
    encoder_config,
    generator_config,
)
from electra_tf.encoder import Encoder
from electra_tf.layers.attention import compute_attention_mask
from electra_tf.layers.heads import ReplacedTokenHead, TokenPredictionHead
from electra_tf.randomness import RandomStream
from tests import tiny

# Sizes of the published models: discriminator and its head, generator
# without the embeddings it shares, and its head.
PARAMETERS = {
    ("small", 0.25): (13_483_008, 66_049, 608_064, 39_098),
    ("base", 1 / 3): (108_891_648, 591_361, 9_673_984, 229_434),
    ("large", 0.25): (334_092_288, 1_050_625, 19_216_640, 295_738),
}


def count(layer) -> int:
    return sum(int(np.prod(v.shape)) for v in layer.weights)


@pytest.mark.parametrize("size, fraction", PARAMETERS)
def test_parameter_counts(size, fraction):
    config = PretrainingConfig(
        data_dir="d",
        model_name="m",
        model_size=size,
        generator_hidden_size=fraction,
    )
    encoder, generator = encoder_config(config), generator_config(config)
    main = Encoder(encoder)
    small = Encoder(generator, embeddings=main.embeddings)
    layers = [
        main,
        ReplacedTokenHead(encoder),
        small,
        TokenPredictionHead(generator),
    ]
    # Shapes are enough: no memory is taken for the weights of large.
    with tf.Graph().as_default():
        for layer in layers:
            layer.build()
    shared = count(main.embeddings)
    counted = [count(layer) for layer in layers]
    counted[2] -= shared
    assert tuple(counted) == PARAMETERS[size, fraction]


def test_output_shapes():
    batch = tiny.batch()
    encoder = Encoder(tiny.encoder())
    assert encoder(*batch).attention_probs == ()
    output = encoder(*batch, output_attentions=True)
    assert output.sequence_output.shape == (4, 16, 8)
    assert output.pooled_output.shape == (4, 8)
    assert len(output.all_layer_outputs) == len(output.attention_probs) == 2
    assert output.attention_probs[0].shape == (4, 2, 16, 16)
    np.testing.assert_array_equal(
        output.pooled_output, output.sequence_output[:, 0]
    )


def test_padding_changes_nothing():
    """Real tokens see neither the ids nor the number of padding tokens."""
    encoder = Encoder(tiny.encoder())
    ids, mask, segments = tiny.batch()
    longest = encoder(ids, mask, segments).sequence_output.numpy()
    other = np.where(mask == 1, ids, 7)
    padded = [np.pad(x, ((0, 0), (0, 5))) for x in (other, mask, segments)]
    again = encoder(*padded).sequence_output.numpy()[:, :16]
    real = mask.astype(bool)
    np.testing.assert_allclose(again[real], longest[real], atol=1e-5)


@pytest.mark.parametrize("direction, seen", [("ltr", -1), ("rtl", 1)])
def test_one_directional_encoders_see_one_side(direction, seen):
    encoder = Encoder(tiny.encoder())
    ids = np.random.default_rng(0).integers(5, 50, (1, 10)).astype(np.int32)
    before = encoder(ids, direction=direction).sequence_output.numpy()
    changed = ids.copy()
    changed[0, 5] += 1 if ids[0, 5] < 49 else -1
    after = encoder(changed, direction=direction).sequence_output.numpy()
    differs = np.abs(after - before).max(axis=-1)[0] > 1e-6
    expected = np.arange(10) >= 5 if seen < 0 else np.arange(10) <= 5
    np.testing.assert_array_equal(differs, expected)


def test_dropout_acts_in_every_place():
    """Each rate alone changes the output."""
    batch = tiny.batch()
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        off = {
            "hidden_dropout_prob": 0.0,
            "attention_probs_dropout_prob": 0.0,
        }
        encoder = Encoder(tiny.encoder(**{**off, name: 0.5}))
        still = encoder(*batch).sequence_output.numpy()
        moved = encoder(*batch, random=RandomStream(0, 0)).sequence_output
        assert np.abs(still - moved).max() > 1e-3, name


def test_layers_draw_different_dropout_masks():
    encoder = Encoder(tiny.encoder(num_hidden_layers=3))
    names = set()

    class Recorder(RandomStream):
        def child(self, name):
            return Recorder(self.seed, self.step, 0, f"{self.scope}/{name}")

        def keep_mask(self, shape, name, drop_rate):
            key = f"{self.scope}/{name}"
            assert key not in names
            names.add(key)
            return super().keep_mask(shape, name, drop_rate)

    encoder(*tiny.batch(), random=Recorder(0, 0))
    assert len(names) == 1 + 3 * 3


def test_too_long_a_sequence():
    encoder = Encoder(tiny.encoder(max_position_embeddings=8))
    with pytest.raises(ValueError, match="16 tokens is longer than the 8"):
        encoder(*tiny.batch())


def test_unknown_direction():
    with pytest.raises(ValueError, match="Received: direction='up'"):
        compute_attention_mask(np.ones((1, 2)), "up")


def test_weights_of_equal_shape_start_different():
    encoder = Encoder(tiny.encoder())
    encoder.build()
    kernels = [
        v.numpy().tobytes() for v in encoder.weights if v.name == "kernel"
    ]
    assert len(set(kernels)) == len(kernels)
