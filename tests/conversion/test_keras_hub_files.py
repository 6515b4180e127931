"""Presets of KerasHub without KerasHub: round trips, and what is an error."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from electra_tf.conversion import (
    convert,
    keras_hub,
    keras_hub_weights,
    model_folder,
    tensorflow_checkpoint,
)
from electra_tf.conversion.model import Model
from tests.conversion import runs

QUERY = "layers/transformer_encoder/_self_attention_layer/query_dense/vars/0"
OUR_QUERY = "electra/encoder/layer_0/attention/self/query/kernel"


@pytest.fixture
def run(tmp_path) -> str:
    return runs.save(tmp_path / "run", *runs.pretrained(tmp_path))


@pytest.fixture
def model(run) -> Model:
    return tensorflow_checkpoint.read_run(run)


@pytest.fixture
def preset(tmp_path, model) -> pathlib.Path:
    keras_hub.write(str(tmp_path / "preset"), model)
    return tmp_path / "preset"


def change_json(path: pathlib.Path, **arguments):
    """Change arguments of the class that a preset's file names."""
    values = json.loads(path.read_text())
    values["config"] |= arguments
    path.write_text(json.dumps(values))


def change_weights(preset: pathlib.Path, change):
    """Apply a function to the dictionary of a preset's arrays."""
    path = str(preset / "model.weights.h5")
    arrays = keras_hub_weights.read_h5(path)
    change(arrays)
    keras_hub_weights.write_h5(path, arrays)


def test_a_round_trip_is_exact(preset, model):
    again = keras_hub.read(str(preset), hidden_act="gelu")
    encoder = {n: a for n, a in model.variables.items() if "electra/" in n}
    runs.assert_same(encoder, again.variables)
    assert again.config.encoder == model.config.encoder
    assert again.vocab == model.vocab
    assert again.config.do_lower_case


def test_the_activation_is_theirs_unless_said(preset):
    read = keras_hub.read(str(preset))
    assert read.config.encoder.hidden_act == "gelu_new"


def test_heads_have_their_axis(preset, model):
    arrays = keras_hub_weights.read_h5(str(preset / "model.weights.h5"))
    ours = model.variables[OUR_QUERY]
    np.testing.assert_array_equal(arrays[QUERY][:, 2], ours[:, 8:12])


def test_the_program_says_what_it_left_out(tmp_path, run, capsys):
    path = str(tmp_path / "to")
    convert.main(["--from", run, "--to", path, "--format", "keras_hub"])
    said = capsys.readouterr().out
    assert "left out generator (34 arrays): ElectraBackbone is the" in said
    assert "left out hidden_act gelu: ElectraBackbone always" in said
    assert "read back 39 variables: largest difference 0\n" in said
    # Far more than rounding: the activation is another one.
    assert 1e-4 < float(said.split("sequence output: ")[1]) < 1e-2
    convert.main(["--from", path, "--to", str(tmp_path / "back")])
    said = capsys.readouterr().out
    assert f"From {path} (keras_hub):" in said
    assert "activation: gelu_new" in said
    assert "left out layers/dense_1/vars/0: the pooler, which" in said
    assert said.endswith("read back 39 variables: largest difference 0\n")
    assert model_folder.is_model_folder(str(tmp_path / "back"))


def test_the_same_activation_makes_no_difference(tmp_path, preset, capsys):
    arguments = ["--from", str(preset), "--to", str(tmp_path / "to")]
    convert.main([*arguments, "--format", "keras_hub"])
    assert capsys.readouterr().out.endswith("sequence output: 0\n")


def test_one_dropout_is_said(tmp_path, model):
    encoder = model.config.encoder.replace(attention_probs_dropout_prob=0.2)
    config = dataclasses.replace(model.config, encoder=encoder)
    changed = dataclasses.replace(model, config=config)
    written = keras_hub.write(str(tmp_path / "to"), changed)
    assert "attention_probs_dropout_prob" in written.left_out


def test_another_activation_is_an_error(tmp_path, model):
    encoder = model.config.encoder.replace(hidden_act="relu")
    config = dataclasses.replace(model.config, encoder=encoder)
    changed = dataclasses.replace(model, config=config)
    with pytest.raises(ValueError, match="Received: hidden_act 'relu'"):
        keras_hub.write(str(tmp_path / "to"), changed)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("cased", [False, True])
def test_without_a_tokenizer_the_user_tells(tmp_path, preset, cased):
    vocab = preset / "assets" / "tokenizer" / "vocabulary.txt"
    vocab.rename(tmp_path / "words.txt")
    (preset / "tokenizer.json").unlink()
    read = keras_hub.read(
        str(preset), str(tmp_path / "words.txt"), do_lower_case=not cased
    )
    assert read.vocab
    assert read.config.do_lower_case != cased


def test_the_files_of_a_task_are_left_out(preset):
    (preset / "task.json").write_text("{}")
    assert "task.json" in keras_hub.read(str(preset)).left_out


def test_accents_are_said(preset):
    change_json(preset / "tokenizer.json", strip_accents=False)
    read = keras_hub.read(str(preset))
    assert read.config.strip_accents is False
    assert not any("accents" in name for name in read.left_out)
    change_json(preset / "tokenizer.json", lowercase=False, strip_accents=True)
    assert "strip_accents True" in keras_hub.read(str(preset)).left_out


@pytest.mark.parametrize(
    ("file", "arguments", "message"),
    [
        ("config.json", {"rotary": 1}, "not known here: rotary"),
        ("config.json", {"num_heads": "4"}, "num_attention_heads"),
        ("config.json", {"num_heads": 3}, "divisible by num_attention_heads"),
        ("tokenizer.json", {"suffix_indicator": "@"}, "must be '##'"),
    ],
)
def test_settings_that_ours_has_not_are_errors(
    preset, file, arguments, message
):
    change_json(preset / file, **arguments)
    with pytest.raises(ValueError, match=message):
        keras_hub.read(str(preset))


def test_a_missing_setting_is_an_error(preset):
    values = json.loads((preset / "config.json").read_text())
    del values["config"]["dropout"]
    (preset / "config.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match="Missing: dropout;"):
        keras_hub.read(str(preset))


def test_another_model_is_an_error(tmp_path):
    values = {
        "class_name": "BertBackbone",
        "registered_name": "keras_hub>BertBackbone",
        "config": {},
    }
    (tmp_path / "config.json").write_text(json.dumps(values))
    arguments = ["--from", str(tmp_path), "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match=r"ElectraBackbone\. Received: BertB"):
        convert.main(arguments)


def test_a_preset_without_weights_is_an_error(preset):
    (preset / "model.weights.h5").unlink()
    with pytest.raises(FileNotFoundError, match=r"has no model\.weights\.h5"):
        keras_hub.read(str(preset))


def test_what_does_not_fit_is_named_on_both_sides(preset):
    def change(arrays):
        arrays[QUERY] = arrays[QUERY][:3]
        del arrays["layers/embedding/vars/0"]
        arrays["layers/lora/vars/0"] = np.zeros(2, np.float32)

    change_weights(preset, change)
    with pytest.raises(ValueError) as error:
        keras_hub.read(str(preset))
    said = str(error.value)
    assert f"{QUERY} ({OUR_QUERY}) has shape (3, 4, 4), the model's" in said
    ours = "electra/embeddings/token_type_embeddings"
    assert f"layers/embedding/vars/0 ({ours}) (2, 8) is missing" in said
    assert "layers/lora/vars/0 (2,) belongs to no part of the model" in said


def test_what_the_user_names_is_left_out(preset):
    name = "layers/lora/vars/0"
    change_weights(preset, lambda a: a.update({name: np.zeros(2, np.float32)}))
    read = keras_hub.read(str(preset), leave_out=(name,))
    assert read.left_out[name] == "not wanted"
    with pytest.raises(ValueError, match=r"nothing to leave out .* nowhere"):
        keras_hub.read(str(preset), leave_out=("nowhere",))


def test_old_names_are_known_once(preset):
    old = QUERY.replace("query_dense", "_query_dense")
    expected = keras_hub.read(str(preset)).variables
    change_weights(preset, lambda a: a.update({old: a.pop(QUERY)}))
    runs.assert_same(expected, keras_hub.read(str(preset)).variables)
    change_weights(preset, lambda a: a.update({QUERY: a[old]}))
    with pytest.raises(ValueError, match=r"_query_dense.* belongs to no part"):
        keras_hub.read(str(preset))
