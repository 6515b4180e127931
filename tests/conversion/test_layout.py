"""The names and shapes are those that the layers make."""

import dataclasses

import pytest

from electra_tf.configs import encoder_config, generator_config
from electra_tf.conversion import model
from tests.conversion import runs
from tests.conversion.test_model_folder import VARIANTS


@pytest.mark.parametrize("variant", VARIANTS)
def test_shapes_tell_the_model(tmp_path, variant):
    config, pretrainer = runs.pretrained(tmp_path, **VARIANTS[variant])
    shapes = {path: tuple(v.shape) for path, v in pretrainer.variables.items()}
    inferred = model.infer("here", shapes, num_attention_heads=4)
    assert inferred.shapes == shapes
    assert inferred.encoder == encoder_config(config)
    if inferred.generator is not None:
        assert inferred.generator == generator_config(config)


def test_heads_are_the_released_models_without_a_word(tmp_path):
    _, pretrainer = runs.pretrained(tmp_path)
    shapes = {path: tuple(v.shape) for path, v in pretrainer.variables.items()}
    assert model.infer("here", shapes).encoder.num_attention_heads == 1


def test_no_model_at_all_is_an_error():
    with pytest.raises(ValueError, match=r"here holds no ELECTRA.*bert/x"):
        model.infer("here", {"bert/x": (3,)})


def test_settings_build_the_encoder_again(tmp_path):
    config, _ = runs.finetuned(tmp_path)
    encoder = dataclasses.replace(encoder_config(config), hidden_act="relu")
    settings = model.ModelConfig(encoder).settings
    assert encoder_config(config.replace(**settings)) == encoder
    assert "vocab_size" not in settings["model_hparam_overrides"]


def test_leaving_out_takes_whole_names():
    assert model.without({"a/b": 1, "ab": 2}, ["a"]) == {"ab": 2}
