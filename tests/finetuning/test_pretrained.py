"""The encoder's shape comes from the pre-trained model's folder."""

import json

import pytest

from electra_tf import hparams
from electra_tf.configs import (
    FinetuningConfig,
    PretrainingConfig,
    encoder_config,
)
from electra_tf.finetuning.pretrained import with_saved_shape

OVERRIDES = {"hidden_size": 64, "num_hidden_layers": 3}


@pytest.fixture
def data_dir(tmp_path) -> str:
    """A folder with the config of a model named m."""
    config = PretrainingConfig(
        data_dir=str(tmp_path),
        model_name="m",
        model_hparam_overrides=OVERRIDES,
        vocab_size=500,
        do_lower_case=False,
    )
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(hparams.to_json(config)))
    return str(tmp_path)


def finetuning(data_dir: str, **settings) -> FinetuningConfig:
    names = {"data_dir": data_dir, "model_name": "m", "task_names": ["sst"]}
    return FinetuningConfig(**names, **settings)


def test_the_shape_is_taken_over(data_dir):
    config = with_saved_shape(finetuning(data_dir, learning_rate=1e-3))
    encoder = encoder_config(config)
    assert (encoder.hidden_size, encoder.num_hidden_layers) == (64, 3)
    assert (config.vocab_size, config.do_lower_case) == (500, False)
    assert config.learning_rate == 1e-3


def test_a_checkpoint_has_its_folder_s_config(data_dir):
    prefix = f"{data_dir}/models/m/model.ckpt-1"
    config = finetuning("elsewhere", init_checkpoint=prefix)
    assert with_saved_shape(config).vocab_size == 500


def test_what_was_given_may_agree(data_dir):
    settings = {"vocab_size": 500, "model_hparam_overrides": OVERRIDES}
    assert with_saved_shape(finetuning(data_dir, **settings)).vocab_size == 500


def test_contradictions_are_named(data_dir):
    with pytest.raises(ValueError) as error:
        with_saved_shape(finetuning(data_dir, vocab_size=30522))
    assert "vocab_size: 500 in " in str(error.value)
    assert ", 30522 given" in str(error.value)
    assert "do_lower_case" not in str(error.value)


def test_training_from_scratch_may_have_another_shape(data_dir):
    config = finetuning(data_dir, vocab_size=600, from_scratch=True)
    assert with_saved_shape(config).vocab_size == 600
    assert encoder_config(with_saved_shape(config)).hidden_size == 64


def test_without_a_saved_config_nothing_changes(tmp_path):
    config = finetuning(str(tmp_path))
    assert with_saved_shape(config) == config


def test_a_broken_config_is_an_error(data_dir):
    with open(f"{data_dir}/models/m/config.json", "w") as file:
        file.write("{")
    with pytest.raises(ValueError, match=r"config.json is no JSON file"):
        with_saved_shape(finetuning(data_dir))
