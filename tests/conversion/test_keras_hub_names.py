"""The names and shapes are those that Keras 3.15 saves for KerasHub 0.32."""

import json
import pathlib

import pytest

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.conversion import keras_hub_names, layout
from electra_tf.conversion.model import MAIN

# Every array of ElectraBackbone.save_weights, for the released models' sizes.
RECORDED = json.loads(
    pathlib.Path(__file__).with_name("keras_hub_presets.json").read_text()
)


@pytest.mark.parametrize("size", RECORDED)
def test_every_array_has_its_place(size):
    config = encoder_config(
        PretrainingConfig(data_dir=".", model_name=".", model_size=size)
    )
    pairs = keras_hub_names.encoder(config)
    theirs = {pair.theirs: pair.shape for pair in pairs}
    theirs |= keras_hub_names.pooler(config)
    assert theirs == {name: tuple(s) for name, s in RECORDED[size].items()}
    ours = [pair.ours for pair in pairs]
    assert sorted(ours) == sorted(layout.encoder(MAIN, config))
