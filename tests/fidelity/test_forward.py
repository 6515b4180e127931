"""A: forward passes of the encoder."""

import json

import numpy as np
import pytest

from electra_tf.configs import EncoderConfig
from electra_tf.encoder import Encoder
from electra_tf.training.checkpoints import read_variables
from electra_tf.weights import assign
from tests.fidelity.conftest import goldens_folder

FOLDER = goldens_folder() / "A_forward"
CASES = sorted(path.stem for path in FOLDER.glob("*.npz"))
DIRECTIONS = ("ltr", "rtl")


def build(case: str):
    """Return the output for a case such as `proj_ltr`, and its record."""
    name, *variant = case.split("_")
    settings = json.loads((FOLDER / f"config_{name}.json").read_text())
    direction = "both"
    for option in variant:
        if option in DIRECTIONS:
            direction = option
        else:
            settings["hidden_act"] = option
    encoder = Encoder(EncoderConfig(**settings))
    encoder.build()
    variables = {variable.path: variable for variable in encoder.weights}
    assign(variables, read_variables(str(FOLDER / f"ckpt_{name}")))
    with np.load(FOLDER / f"{case}.npz", allow_pickle=False) as data:
        recorded = dict(data)
    inputs = {
        key: recorded[key] for key in ("input_ids", "input_mask", "segment_ids")
    }
    output = encoder(**inputs, direction=direction, output_attentions=True)
    return encoder, output, recorded


@pytest.mark.parametrize("case", CASES)
def test_forward(case):
    _, output, recorded = build(case)
    real = recorded["input_mask"].astype(bool)
    for name in ("sequence_output", "embedding_output", "pooled_output"):
        if name not in recorded:
            continue
        ours = np.array(getattr(output, name))
        if name != "pooled_output":
            ours, expected = ours[real], recorded[name][real]
        else:
            expected = recorded[name]
        np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("case", CASES)
def test_padding_rows_are_computed_alike(case):
    _, output, recorded = build(case)
    np.testing.assert_allclose(
        np.array(output.sequence_output),
        recorded["sequence_output"],
        rtol=0,
        atol=5e-3,
    )


@pytest.mark.parametrize("case", CASES)
def test_attention(case):
    _, output, recorded = build(case)
    ours = np.array(output.attention_probs[0])
    real = recorded["input_mask"].astype(bool)
    if "attention_probs_layer0" in recorded:
        expected = recorded["attention_probs_layer0"]
        ours, expected = np.moveaxis(ours, 1, 2), np.moveaxis(expected, 1, 2)
    else:
        ours, expected = ours[:, 0], recorded["attention_probs_layer0_head0"]
    np.testing.assert_allclose(ours[real], expected[real], rtol=0, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_layers_and_embeddings(case):
    encoder, output, recorded = build(case)
    if "all_layer_outputs" not in recorded:
        return
    real = recorded["input_mask"].astype(bool)
    ours = np.array(output.all_layer_outputs)[:, real]
    expected = recorded["all_layer_outputs"][:, real]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-5)
    normalized = encoder.embeddings(
        recorded["input_ids"], segment_ids=recorded["segment_ids"]
    )
    np.testing.assert_allclose(
        np.array(normalized),
        recorded["embedding_layernorm_output"],
        rtol=0,
        atol=2e-5,
    )
