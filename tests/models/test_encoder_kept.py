"""A model's files and clones have the encoder that it was made with."""

import dataclasses

import keras
import numpy as np

from electra_tf.encoder import Encoder
from electra_tf.models.classifier import Classifier
from electra_tf.models.token_models import Discriminator
from tests import tiny

CONFIG = tiny.encoder(num_hidden_layers=1)
IDS = np.array([[2, 5, 7, 3]])


def copies(model, path):
    model.save(path / "x.keras")
    yield keras.models.load_model(path / "x.keras")
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    yield clone


def test_how_it_computes_is_kept(tmp_path):
    encoder = Encoder(
        CONFIG,
        recompute=True,
        scan=True,
        lookup="one_hot",
        name="body",
        dtype="mixed_bfloat16",
    )
    model = Classifier(encoder, num_labels=2)
    for copy in copies(model, tmp_path):
        assert copy.encoder.get_config() == encoder.get_config()
        assert copy.encoder.blocks[0].attention.key.compute_dtype == "bfloat16"
        assert copy.variables_by_path.keys() == model.variables_by_path.keys()
        np.testing.assert_array_equal(copy(IDS), model(IDS))


def test_an_encoder_of_one_s_own_is_kept(tmp_path):
    class Halved(Encoder):
        def __init__(self, config, by=2.0, **kwargs):
            super().__init__(config, **kwargs)
            self.by = by

        def call(self, *args, **kwargs):
            output = super().call(*args, **kwargs)
            halved = output.sequence_output / self.by
            return output._replace(sequence_output=halved)

    model = Discriminator(Halved(CONFIG, by=4.0))
    plain = Discriminator(CONFIG)
    plain.set_weights(model.get_weights())
    for copy in copies(model, tmp_path):
        assert type(copy.encoder) is Halved and copy.encoder.by == 4.0
        np.testing.assert_allclose(copy(IDS), model(IDS), atol=1e-6)
        assert np.abs(copy(IDS) - plain(IDS)).max() > 1e-4


def test_files_of_before_have_the_config_alone():
    model = Classifier(CONFIG, num_labels=2)
    told = {**model.get_config(), "encoder": dataclasses.asdict(CONFIG)}
    again = Classifier.from_config(told)
    assert again.encoder.get_config() == model.encoder.get_config()
