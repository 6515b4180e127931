"""KerasHub loads what we write, and computes the same; and the other way."""

import dataclasses
import json

import h5py
import numpy as np
import pytest

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.conversion import keras_hub as presets
from electra_tf.conversion import load, tensorflow_checkpoint
from electra_tf.conversion.model import Model, ModelConfig, make
from electra_tf.text.tokenization import Tokenizer
from tests.conversion import runs

hub = pytest.importorskip("keras_hub")
models = hub.models

TOLERANCE = 1e-4
TINY = dict(
    vocab_size=runs.VOCAB_SIZE,
    num_layers=2,
    num_heads=4,
    hidden_dim=16,
    embedding_dim=8,
    intermediate_dim=24,
    max_sequence_length=12,
)
# The released sizes; the larger two take minutes.
SIZES = [
    "small",
    pytest.param("base", marks=pytest.mark.slow),
    pytest.param("large", marks=pytest.mark.slow),
]


def model_of(encoder) -> Model:
    """An encoder with random weights, none of them 0."""
    config = ModelConfig(encoder)
    words = [f"w{n}" for n in range(encoder.vocab_size - 5)]
    vocab = "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])
    values = runs.random_values(config.shapes, **runs.DEEP)
    return make("the test", config, values, vocab.encode())


def tiny(tmp_path, **changes) -> Model:
    """The encoder of a tiny run."""
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path, **changes))
    return tensorflow_checkpoint.read_run(run)


def with_activation(model: Model, name: str) -> Model:
    encoder = model.config.encoder.replace(hidden_act=name)
    config = dataclasses.replace(model.config, encoder=encoder)
    return dataclasses.replace(model, config=config)


def of_size(size: str):
    """The encoder's config of a released size."""
    return encoder_config(
        PretrainingConfig(data_dir=".", model_name=".", model_size=size)
    )


def theirs(backbone, ids, mask, segments) -> dict:
    """What their backbone puts out, as arrays."""
    inputs = {"token_ids": ids, "padding_mask": mask, "segment_ids": segments}
    return {name: np.asarray(out) for name, out in backbone(inputs).items()}


def difference(model: Model, backbone) -> float:
    """The largest difference of the sequence output at real tokens."""
    inputs = load.random_inputs(model.config.encoder)
    others = theirs(backbone, *inputs)["sequence_output"]
    mask = inputs[1]
    across_tokens = np.std(others[mask.astype(bool)], axis=0)
    assert across_tokens.mean() > 100 * TOLERANCE
    ours = load.sequence_output(model, *inputs)
    return load.largest_difference(ours, others, mask)


def save_theirs(path, **changes) -> str:
    """Save one of their presets with random weights, biases included."""
    backbone = models.ElectraBackbone(**{**TINY, **changes})
    generator = np.random.default_rng(1)
    for weight in backbone.weights:
        values = np.asarray(weight)
        wide = values.ndim > 1
        noise = 0.5 * backbone.hidden_dim**-0.5 if wide else 0.05
        weight.assign(values + noise * generator.normal(size=values.shape))
    backbone.save_to_preset(str(path))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [f"w{n}" for n in range(backbone.vocab_size - len(words))]
    tokenizer = models.ElectraTokenizer(words, lowercase=True)
    tokenizer.save_to_preset(str(path))
    return str(path)


@pytest.mark.parametrize("embedding_size", [8, 16])
def test_theirs_computes_the_same(tmp_path, embedding_size):
    model = tiny(tmp_path, embedding_size=embedding_size)
    model = with_activation(model, "gelu_new")
    path = str(tmp_path / "to")
    presets.write(path, model)
    backbone = models.ElectraBackbone.from_preset(path)
    assert difference(model, backbone) < TOLERANCE


def test_the_pooler_is_the_identity(tmp_path):
    path = str(tmp_path / "to")
    model = tiny(tmp_path)
    presets.write(path, model)
    inputs = load.random_inputs(model.config.encoder)
    outputs = theirs(models.ElectraBackbone.from_preset(path), *inputs)
    first = np.tanh(outputs["sequence_output"][:, 0])
    np.testing.assert_allclose(outputs["pooled_output"], first, atol=1e-6)


def test_the_exact_gelu_differs_as_the_program_says(tmp_path):
    path = str(tmp_path / "to")
    model = tiny(tmp_path)
    written = presets.write(path, model)
    real = difference(written, models.ElectraBackbone.from_preset(path))
    assert abs(presets.difference(path, written) - real) < 1e-5
    assert real > TOLERANCE


@pytest.mark.parametrize("embedding_size", [8, 16])
def test_ours_computes_the_same(tmp_path, embedding_size):
    path = save_theirs(tmp_path / "preset", embedding_dim=embedding_size)
    model = presets.read(path)
    backbone = models.ElectraBackbone.from_preset(path)
    assert difference(model, backbone) < TOLERANCE


def test_a_round_trip_is_exact(tmp_path):
    path = save_theirs(tmp_path / "preset")
    presets.write(str(tmp_path / "again"), presets.read(path))
    before = models.ElectraBackbone.from_preset(path)
    after = models.ElectraBackbone.from_preset(str(tmp_path / "again"))
    ours = {"name", "dtype", "trainable"}
    for name in set(before.get_config()) - ours:
        assert before.get_config()[name] == after.get_config()[name]
    for layer in before.layers:
        if layer.name == "pooled_dense":
            continue
        others = after.get_layer(layer.name).weights
        for weight, other in zip(layer.weights, others, strict=True):
            np.testing.assert_array_equal(weight, other)


@pytest.mark.parametrize("cased", [False, True])
def test_the_tokenizer_is_the_same(tmp_path, cased):
    path = str(tmp_path / "to")
    presets.write(path, tiny(tmp_path, do_lower_case=not cased))
    tokenizer = models.ElectraTokenizer.from_preset(path)
    ours = Tokenizer(tmp_path / "words.txt", do_lower_case=not cased)
    text = "w3 W4, w\u03015 [x] w10w \u4e2d"
    assert list(tokenizer(text)) == ours.encode(text)
    assert tokenizer.get_vocabulary() == list(ours.vocab)
    assert tokenizer.pad_token_id == 0
    assert presets.read(path).config.do_lower_case != cased


def test_their_vocabulary_comes_in(tmp_path):
    path = save_theirs(tmp_path / "preset")
    tokenizer = models.ElectraTokenizer.from_preset(path)
    model = presets.read(path)
    assert model.vocab.decode().split() == tokenizer.get_vocabulary()
    assert model.config.do_lower_case


def test_the_names_of_an_older_keras_are_theirs(tmp_path):
    path = save_theirs(tmp_path / "preset")
    expected = presets.read(path)
    with h5py.File(f"{path}/model.weights.h5", "a") as file:
        for layer in ("transformer_encoder", "transformer_encoder_1"):
            attention = file[f"layers/{layer}/_self_attention_layer"]
            for part in ("query", "key", "value", "output"):
                attention.move(f"{part}_dense", f"_{part}_dense")
    backbone = models.ElectraBackbone.from_preset(path)
    assert difference(expected, backbone) < TOLERANCE
    runs.assert_same(expected.variables, presets.read(path).variables)


def test_its_config_is_what_theirs_saves(tmp_path):
    """No setting of theirs is unknown here."""
    path = save_theirs(tmp_path / "preset")
    with open(f"{path}/config.json", encoding="utf-8") as file:
        saved = json.load(file)
    model = presets.read(path)
    ours = presets.config_json(model.config.encoder)
    assert ours["registered_name"] == saved["registered_name"]
    assert ours["config"].items() <= saved["config"].items()


@pytest.mark.parametrize("size", SIZES)
def test_real_sizes_compute_the_same_there(tmp_path, size):
    model = model_of(of_size(size).replace(hidden_act="gelu_new"))
    path = str(tmp_path / "to")
    presets.write(path, model)
    backbone = models.ElectraBackbone.from_preset(path)
    largest = difference(model, backbone)
    print(f"largest difference: {largest:.2g}")
    assert largest < TOLERANCE


@pytest.mark.parametrize("size", SIZES)
def test_real_sizes_compute_the_same_here(tmp_path, size):
    config = of_size(size)
    arguments = presets.config_json(config)["config"]
    path = save_theirs(tmp_path / "preset", **arguments)
    backbone = models.ElectraBackbone.from_preset(path)
    largest = difference(presets.read(path), backbone)
    print(f"largest difference: {largest:.2g}")
    assert largest < TOLERANCE
