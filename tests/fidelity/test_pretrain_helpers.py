"""K: scatter, gather, candidates, counts, GELU, layer norm.

Only the scatter of real numbers is not replayed: here it writes token ids.
"""

import json

import numpy as np
import pytest

from electra_tf.configs import PretrainingConfig
from electra_tf.layers.bert_conventions import activation, layer_normalization
from electra_tf.pretraining import masking
from electra_tf.text.tokenization import Tokenizer
from tests.fidelity.conftest import goldens_folder

PATH = goldens_folder() / "K_helpers.json"
pytestmark = pytest.mark.skipif(not PATH.exists(), reason="no K_helpers.json")


@pytest.fixture(scope="module")
def recorded():
    return json.loads(PATH.read_text())


def test_scatter_average(recorded):
    for case in recorded["scatter_update"]:
        if not case["dtype"].startswith("int"):
            continue  # Only token ids are scattered here.
        sequence, written = masking.scatter_average(
            np.array(case["sequence"], np.int32),
            np.array(case["updates"], np.int32),
            np.array(case["positions"], np.int32),
        )
        np.testing.assert_array_equal(sequence, case["updated"])
        np.testing.assert_array_equal(written, case["updates_mask"])


def test_gather_positions(recorded):
    for case in recorded["gather_positions"]:
        sequence = np.array(case["sequence"], np.float32)
        if sequence.ndim == 2:
            sequence = sequence[..., None]
        gathered = masking.gather_positions(
            sequence, np.array(case["positions"], np.int32)
        )
        expected = np.array(case["gathered"], np.float32)
        np.testing.assert_array_equal(
            np.reshape(gathered, expected.shape), expected
        )


def test_candidates(recorded):
    tokenizer = Tokenizer(goldens_folder() / "vocab_tiny.txt")
    special = masking.SpecialTokens(
        tokenizer.cls_id, tokenizer.sep_id, tokenizer.mask_id
    )
    case = recorded["sequences_of_candidates"]
    ids = np.array(case["input_ids"], np.int32)
    mask = np.array(case["input_mask"], np.int32)
    allowed = masking.maskable(
        masking.Batch(ids, mask, np.zeros_like(ids)), special
    )
    np.testing.assert_array_equal(allowed, case["candidates"])


def test_num_to_predict(recorded):
    for case in recorded["num_to_predict"]:
        length = case["max_seq_length"]
        config = PretrainingConfig(
            data_dir="unused",
            model_name="unused",
            max_seq_length=length,
            mask_prob=case["mask_prob"],
        )
        expected = case["for_lengths_1_to_max"]
        mask = np.tril(np.ones((length, length), np.int32))
        numbers = masking.num_to_predict(
            mask[: len(expected)],
            case["mask_prob"],
            config.max_predictions_per_seq,
        )
        np.testing.assert_array_equal(numbers, expected)


def test_max_predictions_per_seq(recorded):
    for case in recorded["max_predictions_per_seq"]:
        config = PretrainingConfig(
            data_dir="unused",
            model_name="unused",
            max_seq_length=case["max_seq_length"],
            mask_prob=case["mask_prob"],
        )
        assert config.max_predictions_per_seq == case["value"]


def test_gelu(recorded):
    case = recorded["gelu"]
    ours = activation("gelu")(np.array(case["x"], np.float32))
    np.testing.assert_allclose(ours, case["y"], rtol=0, atol=1e-6)


def test_layer_norm(recorded):
    case = recorded["layer_norm_unit_scale"]
    ours = layer_normalization()(np.array(case["x"], np.float32))
    np.testing.assert_allclose(ours, case["y"], rtol=1e-4, atol=1e-6)
