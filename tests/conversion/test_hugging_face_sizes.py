"""The same logits as transformers', for the shapes of the released models."""

import numpy as np
import pytest

from electra_tf.configs import (
    EncoderConfig,
    PretrainingConfig,
    encoder_config,
    generator_config,
    hparams,
)
from electra_tf.conversion import hugging_face, load
from electra_tf.conversion.hugging_face_parts.weights import PARTS
from electra_tf.conversion.model import Model, ModelConfig, make
from electra_tf.encoder import Encoder
from electra_tf.layers.heads import ReplacedTokenHead, TokenPredictionHead
from electra_tf.text.vocabulary import SPECIAL_TOKENS
from electra_tf.weights import assign
from tests.conversion import runs

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TOLERANCE = 1e-4
HEADS = {"discriminator": ReplacedTokenHead, "generator": TokenPredictionHead}
CONFIGS = {"discriminator": encoder_config, "generator": generator_config}
NOISE = 0.05  # Added to their biases and scales, which start as constants.
# The larger two take minutes.
SIZES = [
    "small",
    pytest.param("base", marks=pytest.mark.slow),
    pytest.param("large", marks=pytest.mark.slow),
]
for_each_size = pytest.mark.parametrize("size", SIZES)
for_each_part = pytest.mark.parametrize("part", CONFIGS)


def config_of(size: str, part: str) -> EncoderConfig:
    """The encoder of a released size's discriminator or generator."""
    return CONFIGS[part](
        PretrainingConfig(data_dir=".", model_name=".", model_size=size)
    )


def vocabulary(size: int) -> bytes:
    words = [f"w{n}" for n in range(size - len(SPECIAL_TOKENS))]
    return "\n".join([*SPECIAL_TOKENS, *words]).encode()


def our_model(size: str, part: str) -> Model:
    """A model with random weights, none of them 0."""
    encoder = config_of(size, part)
    config = ModelConfig(encoder, parts=(PARTS[part].head,))
    values = runs.random_values(config.shapes, **runs.DEEP)
    return make("the test", config, values, vocabulary(encoder.vocab_size))


def save_theirs(path: str, size: str, part: str):
    """Save one of their models with random weights, biases included."""
    torch.manual_seed(0)
    config = transformers.ElectraConfig(
        **hparams.to_json(config_of(size, part))
    )
    model = getattr(transformers, PARTS[part].architecture)(config)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim == 1:
                weight.add_(NOISE * torch.randn_like(weight))
    model.save_pretrained(path)


def our_logits(model: Model, part: str, inputs: tuple) -> np.ndarray:
    config = model.config.encoder
    encoder, head = Encoder(config), HEADS[part](config)
    for layer in (encoder, head):
        layer.build()
        variables = {variable.path: variable for variable in layer.weights}
        assign(variables, model.variables)
    ids, mask, segments = inputs
    hidden = encoder(ids, input_mask=mask, segment_ids=segments).sequence_output
    if part == "discriminator":
        return np.asarray(head(hidden))
    table = encoder.embeddings.word_embeddings
    return np.asarray(head(hidden, word_embeddings=table))


def their_logits(path: str, part: str, inputs: tuple) -> np.ndarray:
    names = ("input_ids", "attention_mask", "token_type_ids")
    kind = getattr(transformers, PARTS[part].architecture)
    model = kind.from_pretrained(path).eval()
    tensors = {n: torch.tensor(a) for n, a in zip(names, inputs, strict=True)}
    with torch.no_grad():
        return model(**tensors)[0].numpy()


def largest_difference(model: Model, path: str, part: str) -> float:
    inputs = load.random_inputs(model.config.encoder)
    others = their_logits(path, part, inputs)
    assert np.std(others) > 100 * TOLERANCE
    ours = our_logits(model, part, inputs)
    return load.largest_difference(ours, others, mask=inputs[1])


@for_each_size
@for_each_part
def test_ours_compute_the_same_there(tmp_path, size, part):
    model, path = our_model(size, part), str(tmp_path / "to")
    hugging_face.write(path, model)
    found = largest_difference(model, path, part)
    print(f"largest difference: {found:.2g}")
    assert found < TOLERANCE


@for_each_size
@for_each_part
def test_theirs_compute_the_same_here(tmp_path, size, part):
    path = str(tmp_path / "from")
    save_theirs(path, size, part)
    found = largest_difference(hugging_face.read(path), path, part)
    print(f"largest difference: {found:.2g}")
    assert found < TOLERANCE
