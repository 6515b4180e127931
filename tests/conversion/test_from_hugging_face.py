"""Models of Hugging Face's transformers compute the same here."""

import json
import pathlib

import numpy as np
import pytest

import electra_tf
from electra_tf.conversion import convert, hugging_face, load, model_folder
from electra_tf.encoder import Encoder
from electra_tf.finetuning import heads
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.weights import assign
from tests.conversion import runs
from tests.conversion.test_hugging_face import (
    TOLERANCE,
    assert_close,
    assert_loads_completely,
    assert_same_model,
    encoded,
    inputs,
    theirs,
    token_logits,
)

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def their_config(**changes):
    values = dict(
        vocab_size=runs.VOCAB_SIZE,
        embedding_size=8,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=24,
        max_position_embeddings=12,
    )
    return transformers.ElectraConfig(**{**values, **changes})


def save_theirs(folder: pathlib.Path, kind: str, seed=0, **changes) -> str:
    """Save one of their models with random weights, biases included."""
    torch.manual_seed(seed)
    model = getattr(transformers, kind)(their_config(**changes))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.2 * torch.randn_like(weight))
    model.save_pretrained(folder)
    runs.settings(folder)
    (folder / "words.txt").rename(folder / "vocab.txt")
    return str(folder)


def test_their_discriminator_computes_the_same_here(tmp_path):
    path = save_theirs(tmp_path / "hf", "ElectraForPreTraining")
    read = hugging_face.read(path)
    _, model = runs.pretrained(tmp_path)
    rest = assign(
        model.variables,
        read.variables,
        required=lambda name: not name.startswith("generator"),
    )
    assert all(name.startswith("generator") for name in rest)
    ours = model.head.head(encoded(model.main))
    assert_close(ours, theirs("ElectraForPreTraining", path))


def test_their_generator_computes_the_same_here(tmp_path):
    path = save_theirs(tmp_path / "hf", "ElectraForMaskedLM")
    read = hugging_face.read(path)
    _, model = runs.pretrained(tmp_path, objective="mlm")
    assert assign(model.variables, read.variables) == []
    assert_close(token_logits(model), theirs("ElectraForMaskedLM", path))


def test_their_encoder_computes_the_same_here(tmp_path):
    for kind in ("ElectraModel", "ElectraForSequenceClassification"):
        path = save_theirs(tmp_path / kind, kind)
        read = hugging_face.read(path, part="encoder")
        encoder = Encoder(read.config.encoder)
        encoder.build()
        assign({v.path: v for v in encoder.weights}, read.variables)
        assert_close(encoded(encoder), theirs("ElectraModel", path))
        assert bool(read.left_out) == (kind != "ElectraModel")


def test_a_strange_generator_is_not_joined(tmp_path):
    path = save_theirs(tmp_path / "d", "ElectraForPreTraining")
    other = save_theirs(tmp_path / "g", "ElectraForMaskedLM", seed=1)
    with pytest.raises(SystemExit, match="must share their embeddings"):
        convert.main(
            ["--from", path, "--generator", other, "--to", str(tmp_path / "to")]
        )


def test_a_real_hidden_layer_computes_the_same_here(tmp_path):
    kind = "ElectraForSequenceClassification"
    path = save_theirs(tmp_path / "hf", kind, num_labels=3)
    read = hugging_face.read(path)
    (task,) = read.tasks_json["tasks"]
    head = heads.ClassificationHead(3, 16, "x", **task["head"]["options"])
    head.build()
    assign(
        {v.path: v for v in head.weights},
        {
            n.split("/", 1)[1].replace(task["name"], "x"): a
            for n, a in read.variables.items()
        },
    )
    first = encoded(load.encoder(read))[:, 0]
    ours = np.asarray(head.project(head.hidden(first)))
    assert np.abs(ours - theirs(kind, path)).max() < TOLERANCE
    again = str(tmp_path / "again")
    hugging_face.write(again, read)
    assert_same_model(read, hugging_face.read(again))
    assert_loads_completely(kind, again)


def test_scores_of_choices_are_the_same_both_ways(tmp_path):
    kind = "ElectraForMultipleChoice"
    path = save_theirs(tmp_path / "hf", kind)
    read = hugging_face.read(path)
    folder = str(tmp_path / "ours")
    model_folder.write(folder, read)
    ours = MultipleChoice.load(folder)
    again = str(tmp_path / "again")
    electra_tf.save(str(tmp_path / "saved"), ours)
    hugging_face.write(again, model_folder.read(str(tmp_path / "saved")))
    assert_same_model(read, hugging_face.read(again))
    assert_loads_completely(kind, again)
    batch = {name: array[None] for name, array in inputs().items()}
    logits = np.asarray(ours(batch))
    assert logits.shape == (1, 3) and np.std(logits) > 100 * TOLERANCE
    tensors = {name: torch.tensor(array) for name, array in batch.items()}
    for place in (path, again):
        model = getattr(transformers, kind).from_pretrained(place).eval()
        with torch.no_grad():
            expected = model(**tensors).logits.numpy()
        assert np.abs(expected - logits).max() < TOLERANCE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps must be 1e-12"),
        ({"hidden_act": "silu"}, "hidden_act must be one of gelu"),
        ({"is_decoder": True}, "is_decoder must be False"),
    ],
)
def test_what_we_cannot_compute_is_an_error(tmp_path, changes, message):
    path = save_theirs(tmp_path / "hf", "ElectraModel", **changes)
    with pytest.raises(ValueError, match=message):
        hugging_face.read(path)


def test_a_folder_without_weights_is_an_error(tmp_path):
    path = save_theirs(tmp_path / "hf", "ElectraModel")
    pathlib.Path(path, "model.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"nor pytorch_model\.bin"):
        hugging_face.read(path)


def test_all_that_does_not_fit_is_listed(tmp_path):
    path = save_theirs(tmp_path / "hf", "ElectraForPreTraining")
    config = pathlib.Path(path, "config.json")
    values = json.loads(config.read_text())
    config.write_text(json.dumps({**values, "num_hidden_layers": 3}))
    with pytest.raises(ValueError) as error:
        hugging_face.read(path)
    name = "electra.encoder.layer.2.intermediate.dense.weight"
    assert f"{name} (24, 16) is missing" in str(error.value)
    config.write_text(json.dumps({**values, "intermediate_size": 25}))
    with pytest.raises(ValueError, match=r"shape \(24, 16\), the model's"):
        hugging_face.read(path)
