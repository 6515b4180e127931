"""The count of operations, on sizes small enough for paper and pencil."""

import subprocess
import sys

import pytest

from electra_tf.configs import EncoderConfig, PretrainingConfig
from electra_tf.efficiency.flops import (
    TransformerSizes,
    detection_flops,
    encoder_flops,
    flops_per_step,
    inference_flops,
    input_flops,
    input_terms,
    layer_flops,
    layer_terms,
    prediction_flops,
    pretraining_flops,
    training_flops,
    transformer_sizes,
)
from electra_tf.efficiency.published_models import RELEASED, Trained

# Width 4, 2 layers, 8 tokens, 10 word pieces, embeddings of 2, inner width 6,
# 2 heads, a quarter of the tokens predicted.
TINY = TransformerSizes(4, 2, 8, 10, 2, 6, 2, output_frac=0.25)


def test_layer():
    attention = 96 + 12 + 64 + 80 + 64 + 16 + 64 + 32 + 4 + 16 + 4 + 5
    feed_forward = 48 + 48 + 6 + 48 + 4 + 16 + 4 + 20
    assert layer_flops(TINY) == 8 * (attention + feed_forward) == 5208


def test_embeddings():
    lookup, others, sums, norm, dropout = 40, 40, 4, 10, 8
    projection = 16 + 4
    per_token = lookup + others + sums + norm + dropout + projection
    assert input_flops(TINY) == 8 * per_token == 976


def test_heads():
    prediction = 40 + 16 + 2 + 16 + 10 + 50 + 20
    assert prediction_flops(TINY) == 2 * prediction == 308
    assert detection_flops(TINY) == 8 * (32 + 4 + 32 + 8) == 608


def test_totals():
    assert encoder_flops(TINY) == 2 * 5208 + 976 == 11392
    assert inference_flops(TINY) == 11392 + 608
    assert training_flops(TINY, 3, 5) == 2 * 3 * 5 * (11392 + 308)
    detecting = training_flops(TINY, 3, 5, discriminator=True)
    assert detecting == 2 * 3 * 5 * (11392 + 608)
    both = Trained((TINY, TINY), 3, 5, detects=True)
    assert both.training_flops == 2 * 3 * 5 * (2 * 11392 + 308 + 608)


def test_full_layer_norm():
    mended = TINY.replace(full_layer_norm=True)
    assert layer_terms(mended)["attn_output_layer_norm"] == 5 * 4
    assert layer_flops(mended) == layer_flops(TINY) + 8 * (5 * 4 - 5)


def test_full_layer_norm_hardly_matters():
    base = TransformerSizes(768, 12)
    mended = base.replace(full_layer_norm=True)
    assert 1 < inference_flops(mended) / inference_flops(base) < 1.0006


def test_decoder_attends_twice():
    once, twice = layer_terms(TINY), layer_terms(TINY.replace(decoder=True))
    doubled = {name for name in once if twice[name] == 2 * once[name]}
    same = {name for name in once if twice[name] == once[name]}
    assert len(doubled) == 12
    assert doubled | same == set(once)


def test_head_size():
    once, wide = layer_terms(TINY), layer_terms(TINY.replace(head_size=10))
    changed = {name for name in once if wide[name] != once[name]}
    assert changed == {"kqv", "kqv_bias", "attention_scores"}
    assert wide["kqv"] == 3 * 2 * 4 * 20


def test_sparse_lookup_and_equal_widths_cost_nothing():
    sparse = input_terms(TINY.replace(sparse_embedding_lookup=True))
    assert "main_multiply" not in sparse
    assert "hidden_kernel" not in input_terms(TINY.replace(embedding_size=4))


def test_sizes_of_an_encoder():
    encoder = EncoderConfig(10, 4, 2, 2, 6, 2)
    assert transformer_sizes(encoder, 8, output_frac=0.25) == TINY


RUN = {"data_dir": "data", "model_name": "model"}
BASE = {
    "model_size": "base",
    "max_seq_length": 512,
    "generator_hidden_size": 1 / 3,
    "train_batch_size": 256,
    "num_train_steps": 766_000,
}
LARGE = {
    "model_size": "large",
    "max_seq_length": 512,
    "train_batch_size": 2048,
    "num_train_steps": 400_000,
}
BERT = {"objective": "mlm", "num_train_steps": 1_450_000}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("electra_small", {}),
        ("electra_base", BASE),
        ("electra_400k", LARGE),
        ("bert_small", BERT),
    ],
)
def test_published_models_by_their_settings(name, settings):
    config = PretrainingConfig(**RUN, **settings)
    assert pretraining_flops(config) == RELEASED[name].training_flops


def test_small_of_the_papers_table():
    """Its 1.4e18, and 45 times that for Base, are of a generator of 1/2."""
    config = PretrainingConfig(**RUN, generator_hidden_size=0.5)
    small = pretraining_flops(config)
    assert f"{small:.1e}" == "1.4e+18"
    assert round(RELEASED["electra_base"].training_flops / small) == 45


MAIN = TransformerSizes(256, 12, 128, embedding_size=128)
OWN = TransformerSizes(64, 12, 128, embedding_size=128)


@pytest.mark.parametrize(
    ("settings", "generators"),
    [
        ({"generator": "uniform"}, []),
        ({"weight_sharing": "all"}, [MAIN]),
        (
            {"generator": "two_towers"},
            [OWN.replace(output_frac=1.0), OWN.replace(output_frac=0.0)],
        ),
    ],
)
def test_other_generators(settings, generators):
    config = PretrainingConfig(**RUN, **settings)
    batches = (128, 1_000_000)
    expected = training_flops(MAIN, *batches, discriminator=True)
    expected += sum(training_flops(sizes, *batches) for sizes in generators)
    assert pretraining_flops(config) == expected


@pytest.mark.parametrize(
    "settings", [{"num_layers": 0}, {"output_frac": 1.5}, {"head_size": 0}]
)
def test_impossible_sizes(settings):
    with pytest.raises(ValueError, match="Received"):
        TINY.replace(**settings)


def test_imports_no_tensorflow():
    code = (
        "import sys, electra_tf.efficiency.flops; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_two_stages_cost_what_their_networks_do():
    """A frozen generator is run forward only."""
    config = PretrainingConfig(
        data_dir="D",
        model_name="M",
        generator_training="two_stage",
        generator_hidden_size=1.0,
        weight_sharing="none",
        num_train_steps=100,
        generator_steps=30,
    )
    bert = PretrainingConfig(data_dir="D", model_name="M", objective="mlm")
    generator = flops_per_step(bert)
    assert flops_per_step(config, "generator") == generator
    alone = bert.replace(objective="rtd", generator="uniform")
    discriminator = flops_per_step(alone)
    second = flops_per_step(config, "discriminator")
    assert second == pytest.approx(generator / 2 + discriminator)
    assert pretraining_flops(config) == pytest.approx(
        30 * generator + 70 * second
    )
