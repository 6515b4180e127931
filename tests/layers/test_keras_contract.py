"""Keras' own contract of layers, held by each of ours."""

import inspect

import keras
import numpy as np
import pytest
from keras.src.testing import TestCase

from electra_tf.encoder import Encoder, EncoderOutput
from electra_tf.finetuning.heads import HEADS
from electra_tf.finetuning.serving.network import LABELS
from electra_tf.layers import attention, embeddings, heads, transformer_block
from electra_tf.layers.configured_layer import ConfiguredLayer
from electra_tf.layers.dropout import Dropout
from tests import tiny

CONFIG = tiny.encoder(num_hidden_layers=1)
IDS = {"input_shape": (2, 5), "input_dtype": "int32"}
HIDDEN = {"input_shape": (2, 5, CONFIG.hidden_size)}
TABLE = {
    name: {"hidden_shape": h, "word_embeddings_shape": t}
    for name, h, t in (
        ("input_shape", (2, 5, 8), (50, 4)),
        ("input_dtype", "float32", "float32"),
    )
}
# Keras' test gives its model one output, or one input, in training.
UNTRAINED = {"run_training_check": False}
LAYERS = [
    (Encoder, {}, {**IDS, "expected_num_seed_generators": 4}),
    (embeddings.Embeddings, {}, {**IDS, "expected_num_seed_generators": 1}),
    (embeddings.Embeddings, {"lookup": "one_hot"}, IDS),
    (
        transformer_block.TransformerBlock,
        {"name": "layer_0"},
        {**HIDDEN, "expected_num_seed_generators": 3},
    ),
    (attention.SelfAttention, {}, HIDDEN),
    (heads.TokenPredictionHead, {}, {**TABLE, **UNTRAINED}),
    (heads.ReplacedTokenHead, {}, HIDDEN),
    (heads.LinearHead, {"name": "linear"}, HIDDEN),
]
SPAN_OPTIONS = {
    "answerable_classifier": True,
    "answerable_uses_start_logits": True,
    "answerable_weight": 0.5,
}
LABELLED = ("classification", "multilabel", "tagging")
HEAD_OPTIONS = {
    "classification": {"has_hidden_layer": True},
    "joint_question_answering": {**SPAN_OPTIONS, "beam_size": 3},
    "independent_question_answering": SPAN_OPTIONS,
}


@pytest.mark.parametrize("kind, arguments, options", LAYERS)
def test_layers_keep_the_contract(kind, arguments, options):
    arguments = {"config": CONFIG, **arguments}
    TestCase().run_layer_test(kind, arguments, **options)


@pytest.mark.parametrize("rate, generators", [(0.5, 1), (0.0, 0)])
def test_dropout_keeps_the_contract(rate, generators):
    TestCase().run_layer_test(
        Dropout,
        {"rate": rate, "seed": 3},
        input_shape=(2, 3),
        expected_output_shape=(2, 3),
        expected_num_seed_generators=generators,
        expected_num_trainable_weights=0,
        supports_masking=True,
    )


@pytest.mark.parametrize("kind", HEADS)
def test_heads_of_tasks_keep_the_contract(kind):
    class Built(HEADS[kind]):
        # Keras' test names the shapes of several inputs.
        def build(self, input_shape=None, **shapes):
            super().build()

    none = np.zeros(2, "int32")
    labels = LABELS[kind](none, np.zeros((2, 3), "int32"))
    ids = np.ones((2, 5), "int32")
    TestCase().run_layer_test(
        Built,
        {"size": 3 if kind in LABELLED else 1, "hidden_size": 8, "name": "t"}
        | HEAD_OPTIONS.get(kind, {}),
        input_data={
            "encoded": EncoderOutput(
                sequence_output=np.ones((2, 5, 8), "float32"),
                pooled_output=np.ones((2, 8), "float32"),
                embedding_output=np.ones((2, 5, 8), "float32"),
                all_layer_outputs=(),
                attention_probs=(),
            ),
            "features": {
                "input_mask": ids,
                "segment_ids": ids,
                **{
                    f"t_{name}": np.asarray(values)
                    for name, values in {"eid": none, **labels}.items()
                },
            },
        },
        **UNTRAINED,
    )


def test_every_layer_is_registered_by_its_name():
    for module in (attention, embeddings, heads, transformer_block):
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, keras.layers.Layer) and (
                kind is not ConfiguredLayer
            ):
                assert issubclass(kind, ConfiguredLayer), name
                found = keras.saving.get_registered_object(f"electra_tf>{name}")
                assert found is kind


def test_an_encoder_that_was_given_embeddings_keeps_their_config():
    given = embeddings.DisentangledEmbeddings(
        CONFIG, "one_hot", dtype="float16"
    )
    again = Encoder.from_config(Encoder(CONFIG, given).get_config())
    assert type(again.embeddings) is type(given)
    assert again.embeddings.get_config() == given.get_config()
    assert Encoder(CONFIG).get_config()["embeddings"] is None


def test_asked_for_dropout_no_layer_returns_plain_outputs():
    ids = tiny.batch()[0]
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob"):
        off = dict.fromkeys(
            ("hidden_dropout_prob", "attention_probs_dropout_prob"), 0.0
        )
        encoder = Encoder(tiny.encoder(**{**off, name: 0.5}))
        plain = encoder(ids).sequence_output
        for _ in range(2):
            dropped = encoder(ids, training=True).sequence_output
            assert np.abs(plain - dropped).max() > 1e-3, name


def test_dropout_goes_on_after_saving_as_it_would_have(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, Dropout(0.5)(inputs))
    model(np.ones((2, 4)), training=True)
    model.save(tmp_path / "x.keras")
    again = keras.models.load_model(tmp_path / "x.keras")
    for _ in range(2):
        one, other = (
            m(np.ones((64, 4)), training=True) for m in (model, again)
        )
        np.testing.assert_array_equal(one, other)


def test_seeds_of_keras_repeat_dropout_and_leave_initial_weights_alone():
    def made(rate):
        keras.utils.set_random_seed(5)
        encoder = Encoder(tiny.encoder(hidden_dropout_prob=rate))
        encoder.build()
        return encoder

    with_dropout, again, without = made(0.5), made(0.5), made(0.0)
    for one, other in zip(with_dropout.weights, without.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    ids = tiny.batch()[0]
    one, other = (
        e(ids, training=True).sequence_output for e in (with_dropout, again)
    )
    np.testing.assert_array_equal(one, other)


def test_weights_have_the_checkpoint_names_and_no_seed():
    encoder = Encoder(CONFIG)
    encoder.build()
    assert not [w.path for w in encoder.weights if "seed" in w.path]
    assert len(encoder.variables) == len(encoder.weights) + 4


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_ids_that_are_no_integers_are_refused(dtype):
    with pytest.raises(ValueError, match="input_ids must be integers"):
        Encoder(CONFIG)(np.ones((1, 3), dtype))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_functional_model_around_an_encoder(policy, tmp_path):
    ids, mask, _ = tiny.batch(8)
    encoder = Encoder(tiny.encoder(num_hidden_layers=1), dtype=policy)
    inputs = [keras.Input((16,), dtype="int32", name=n) for n in ("i", "m")]
    output = encoder(inputs[0], input_mask=inputs[1])
    assert output.sequence_output.shape == (None, 16, 8)
    assert output.sequence_output.dtype == encoder.compute_dtype
    logits = keras.layers.Dense(2, dtype="float32")(output.pooled_output)
    model = keras.Model(inputs, logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, jit_compile=False)
    model.fit([ids, mask], np.arange(8) % 2, verbose=0)
    expected = model([ids, mask], training=False).numpy()

    model.save(tmp_path / "x.keras")
    model.save_weights(tmp_path / "x.weights.h5")
    copies = {
        "file": keras.models.load_model(tmp_path / "x.keras"),
        "clone": keras.models.clone_model(model),
        "json": keras.models.model_from_json(model.to_json()),
    }
    copies["clone"].set_weights(model.get_weights())
    copies["json"].load_weights(tmp_path / "x.weights.h5")
    for name, copy in copies.items():
        found = copy([ids, mask], training=False).numpy()
        np.testing.assert_allclose(found, expected, atol=1e-6, err_msg=name)

    if policy == "float32":
        quantized = copies["clone"]
        quantized.quantize("int8")
        found = quantized([ids, mask], training=False).numpy()
        assert 0 < np.abs(found - expected).max() < 0.1
        quantized.save(tmp_path / "quantized.keras")
        again = keras.models.load_model(tmp_path / "quantized.keras")
        again = again([ids, mask], training=False).numpy()
        np.testing.assert_allclose(again, found, atol=1e-6)


def test_lora_trains_two_small_matrices_and_is_merged_when_saved(tmp_path):
    ids = tiny.batch()[0]
    inputs = keras.Input((16,), dtype="int32")
    encoder = Encoder(CONFIG)
    model = keras.Model(inputs, encoder(inputs).pooled_output)
    query = encoder.blocks[0].attention.query
    before = encoder(ids).sequence_output
    kernel = np.array(query.kernel)
    query.enable_lora(2)
    model.compile("sgd", "mse", jit_compile=False)
    model.fit(ids, np.ones((4, 8)), epochs=2, verbose=0)
    assert np.abs(encoder(ids).sequence_output - before).max() > 0
    np.testing.assert_array_equal(query._kernel, kernel)
    model.save(tmp_path / "x.keras")
    again = keras.models.load_model(tmp_path / "x.keras")
    np.testing.assert_allclose(
        again(ids).numpy(), model(ids).numpy(), atol=1e-6
    )
