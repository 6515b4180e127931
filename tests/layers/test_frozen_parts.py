"""What is frozen stays frozen when it is saved, loaded or cloned."""

import keras
import numpy as np
import pytest

from electra_tf.encoder import Encoder
from electra_tf.layers import embeddings, heads, transformer_block
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.models.classifier import Classifier
from electra_tf.models.token_models import Discriminator
from tests import tiny

IDS = np.array([[2, 5, 7, 3]])


def freeze_all(layer):
    layer.trainable = False


def freeze_but_the_last_block(layer):
    layer.trainable = False
    layer.blocks[-1].trainable = True


def freeze_but_a_part_of_a_frozen_block(layer):
    layer.blocks[0].trainable = False
    layer.blocks[0].attention.key.trainable = True


def train_biases_alone(layer):
    for weight in layer.weights:
        weight.trainable = weight.path.endswith("bias")


def freeze_a_table(layer):
    layer.embeddings.word_embeddings.trainable = False


def train_a_weight_of_a_frozen_layer(layer):
    layer.trainable = False
    layer.blocks[1].output_normalization.gamma.trainable = True


WAYS = (
    freeze_all,
    freeze_but_the_last_block,
    freeze_but_a_part_of_a_frozen_block,
    train_biases_alone,
    freeze_a_table,
    train_a_weight_of_a_frozen_layer,
)


def around(encoder):
    ids = keras.Input((4,), dtype="int32")
    return keras.Model(ids, keras.layers.Dense(1)(encoder(ids).pooled_output))


def assert_all_copies_train_the_same(model, path):
    expected = [weight.trainable for weight in model.weights]
    count = len(model.trainable_weights)
    model.save(path / "x.keras")
    copies = {
        "file": keras.models.load_model(path / "x.keras"),
        "clone": keras.models.clone_model(model),
        "json": keras.models.model_from_json(model.to_json()),
    }
    for name, copy in copies.items():
        found = [weight.trainable for weight in copy.weights]
        assert found == expected, name
        assert len(copy.trainable_weights) == count, name
    return copies["file"]


@pytest.mark.parametrize("freeze", WAYS)
def test_copies_of_a_layer(freeze):
    encoder = Encoder(tiny.encoder())
    encoder.build()
    freeze(encoder)
    again = Encoder.from_config(encoder.get_config())
    again.build()
    twice = Encoder.from_config(again.get_config())
    twice.build()
    for copy in (again, twice):
        assert copy.trainable == encoder.trainable
        assert [w.trainable for w in copy.weights] == [
            w.trainable for w in encoder.weights
        ]


@pytest.mark.parametrize("freeze", [freeze_all, freeze_but_the_last_block])
def test_copies_of_a_functional_model(freeze, tmp_path):
    encoder = Encoder(tiny.encoder())
    model = around(encoder)
    freeze(encoder)
    assert_all_copies_train_the_same(model, tmp_path)


@pytest.mark.parametrize(
    "freeze", [freeze_but_the_last_block, train_biases_alone]
)
def test_copies_of_a_classifier(freeze, tmp_path):
    model = Classifier(tiny.encoder(), num_labels=2)
    freeze(model.encoder)
    copy = assert_all_copies_train_the_same(model, tmp_path)
    assert copy.encoder.trainable == model.encoder.trainable


def test_a_head_alone_of_a_frozen_model_inside_another(tmp_path):
    model = Discriminator(tiny.encoder(num_hidden_layers=1))
    model.trainable = False
    model.head.dense.trainable = True
    ids = keras.Input((4,), dtype="int32")
    outer = keras.Model(ids, keras.layers.Dense(1)(model(ids)))
    assert len(outer.trainable_weights) == 4  # Two dense layers.
    assert_all_copies_train_the_same(outer, tmp_path)


def test_a_frozen_encoder_from_a_file_does_not_move(tmp_path):
    encoder = Encoder(tiny.encoder(num_hidden_layers=1))
    model = around(encoder)
    freeze_all(encoder)
    model.compile("sgd", "mse", run_eagerly=True)
    model.save(tmp_path / "x.keras")
    again = keras.models.load_model(tmp_path / "x.keras")
    again.run_eagerly = True
    before = again.get_weights()
    again.fit(IDS, np.array([[9.0]]), verbose=0)
    moved = [
        np.any(one != other)
        for one, other in zip(before, again.get_weights(), strict=True)
    ]
    assert moved == [False] * (len(moved) - 2) + [True] * 2


def test_every_layer_keeps_what_is_frozen():
    config = tiny.encoder(num_hidden_layers=1)
    for kind, name in (
        (Encoder, None),
        (transformer_block.TransformerBlock, "layer_0"),
        (embeddings.Embeddings, None),
        (embeddings.DisentangledEmbeddings, None),
        (heads.TokenPredictionHead, None),
        (heads.ReplacedTokenHead, None),
        (heads.LinearHead, "linear"),
    ):
        layer: ConfiguredLayer = kind(
            config, **({"name": name} if name else {})
        )
        layer.build()
        layer.trainable = False
        layer.weights[-1].trainable = True
        again = kind.from_config(layer.get_config())
        again.build()
        found = [weight.trainable for weight in again.weights]
        assert found == [False] * (len(found) - 1) + [True], kind
        assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("made", [Encoder, Classifier])
def test_frozen_when_made_is_frozen_inside(made):
    options = {"num_labels": 2} if made is Classifier else {}
    layer = made(tiny.encoder(), trainable=False, **options)
    ids = keras.Input((4,), dtype="int32")
    output = layer(ids)
    output = output if made is Classifier else output.pooled_output
    model = keras.Model(ids, keras.layers.Dense(1)(output))
    assert len(model.trainable_weights) == 2


def test_files_of_before_are_read_as_they_were_meant():
    """Those told of frozen layers, and of none where the whole was."""
    encoder = Encoder(tiny.encoder())
    told = {**encoder.get_config(), "trainable": False}
    again = Encoder.from_config(told)
    again.build()
    assert not any(weight.trainable for weight in again.weights)
    layers = encoder._flatten_layers(include_self=False)
    told = {**encoder.get_config(), "frozen": [layers.index(encoder.blocks[1])]}
    told["frozen"] += [
        layers.index(e) for e in encoder.blocks[1]._flatten_layers()
    ]
    again = Encoder.from_config(told)
    again.build()
    assert [b.attention.key.kernel.trainable for b in again.blocks] == [
        True,
        False,
    ]
