"""H: floating-point operations, equal to the last digit."""

import json

import pytest

from electra_tf.configs import objectives
from electra_tf.efficiency import flops, published_models
from tests.fidelity.conftest import goldens_folder

PATH = goldens_folder() / "H_flops.json"
RECORDED = json.loads(PATH.read_text()) if PATH.exists() else {}
NETWORKS = RECORDED.get("transformers", [])
RUNS = RECORDED.get("electra_train", [])
TABLE = RECORDED.get("model_flops_table", [])

FIELDS = {
    "h": "hidden_size",
    "l": "num_layers",
    "s": "sequence_length",
    "v": "vocab_size",
    "e": "embedding_size",
    "i": "intermediate_size",
    "kqv": "attention_size",
    "heads": "num_heads",
    "sparse_embed_lookup": "sparse_embedding_lookup",
}
TERMS = {
    "block_components_per_token": flops.layer_terms,
    "embedding_input_components_per_token": flops.input_terms,
    "embedding_output_components_per_token": lambda network: head_terms(
        objectives.TOKENS, network, PREDICTION_NAMES
    ),
    "classification_components_per_token": lambda network: head_terms(
        objectives.REPLACED_TOKEN, network, DETECTION_NAMES
    ),
}
# The recorded names of a head's terms, by ours.
PREDICTION_NAMES = {
    "dense_kernel": "hidden_kernel",
    "dense_bias": "hidden_bias",
    "dense_activation": "hidden_activation",
    "dense_layer_norm": "hidden_layernorm",
    "main_multiply": "main_multiply",
    "output_softmax": "output_softmax",
    "output_target_word": "output_target_word",
}
DETECTION_NAMES = {
    "dense_kernel": "hidden",
    "dense_bias": "hidden_bias",
    "dense_activation": "hidden_act",
    "dense_1_kernel": "logits",
}
TOTALS = {
    "block_flops": flops.layer_flops,
    "embedding_input_flops": flops.input_flops,
    "embedding_output_flops": flops.prediction_flops,
    "classification_flops": flops.detection_flops,
    "infer_flops": flops.inference_flops,
}
TRAINING = "train_flops_batch128_steps1000"


def sizes(arguments: dict) -> flops.TransformerSizes:
    named = {FIELDS.get(name, name): v for name, v in arguments.items()}
    return flops.TransformerSizes(**named)


def head_terms(head, network, names: dict) -> dict:
    terms = flops.head_terms(head, network)
    return {names[name]: count for name, count in terms.items()}


@pytest.mark.skipif(not RECORDED, reason="no H_flops.json")
def test_constants():
    ours = {
        name: getattr(flops, name.upper()) for name in RECORDED["constants"]
    }
    assert ours == RECORDED["constants"]


@pytest.mark.parametrize("case", NETWORKS)
def test_derived_sizes(case):
    network = sizes(case["arguments"])
    for name, value in case["resolved"].items():
        assert getattr(network, FIELDS.get(name, name)) == value, name


@pytest.mark.parametrize("case", NETWORKS)
def test_terms_per_token(case):
    network = sizes(case["arguments"])
    for name, terms in TERMS.items():
        assert terms(network) == case[name], name


@pytest.mark.parametrize("case", NETWORKS)
def test_totals(case):
    network = sizes(case["arguments"])
    for name, total in TOTALS.items():
        assert total(network) == case[name], name


@pytest.mark.parametrize("case", NETWORKS)
def test_training(case):
    network = sizes(case["arguments"])
    assert flops.training_flops(network, 128, 1000) == case[TRAINING]
    detecting = flops.training_flops(network, 128, 1000, discriminator=True)
    assert detecting == case[f"{TRAINING}_discriminator"]


@pytest.mark.parametrize("case", NETWORKS)
def test_every_figure_is_compared(case):
    known = {"arguments", "resolved", TRAINING, f"{TRAINING}_discriminator"}
    assert set(case) == known | set(TERMS) | set(TOTALS)


@pytest.mark.parametrize("case", RUNS)
def test_electra_runs(case):
    settings = dict(case["arguments"])
    batches = settings.pop("batch_size"), settings.pop("train_steps")
    tied = settings.pop("tied_embeddings")
    main = {"h": settings.pop("h_d"), "l": settings.pop("l_d")}
    small = {"h": settings.pop("h_g"), "l": settings.pop("l_g")}
    discriminator = sizes({**main, **settings})
    embedding = discriminator.embedding_size if tied else small["h"]
    generator = sizes({**small, **settings, "e": embedding})
    trained = published_models.Trained(
        (discriminator, generator), *batches, detects=True
    )
    assert trained.training_flops == case["flops"]


@pytest.mark.parametrize(("model", "recorded"), TABLE)
def test_published_models(model, recorded):
    assert published_models.RELEASED[model].training_flops == recorded


@pytest.mark.skipif(not RECORDED, reason="no H_flops.json")
def test_published_models_in_order():
    ours = list(published_models.RELEASED)
    assert ours == [model for model, _ in TABLE]
