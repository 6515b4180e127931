"""What all models keep: inputs of every kind, files, folders, refusals."""

import ast
import copy
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import electra_tf
from electra_tf.errors import UserError
from electra_tf.models import given
from electra_tf.models.classifier import Classifier
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.models.question_answerer import QuestionAnswerer
from electra_tf.models.tagger import Tagger
from electra_tf.models.token_models import Discriminator, MaskedLM

TEXTS = ["a good film", "bad"]
PAIRS = [("what?", "a good film"), ("good?", "bad film")]
CHOICES = [("what?", ["a good film", "bad"]), ("good?", ["old", "new", "a"])]
MODELS = {
    MultipleChoice: ({}, CHOICES),
    Classifier: ({"labels": ("no", "yes")}, TEXTS),
    Tagger: ({"num_labels": 3}, TEXTS),
    QuestionAnswerer: ({}, PAIRS),
    MaskedLM: ({}, TEXTS),
    Discriminator: ({}, TEXTS),
}


@pytest.fixture(scope="module", params=MODELS)
def loaded(request, model_folder):
    """A model, and texts for it."""
    options, texts = MODELS[request.param]
    made = request.param.load(str(model_folder), max_length=16, **options)
    made.compile(run_eagerly=True)  # Nothing here is worth its tracing.
    return made, texts


def assert_same(one, other):
    keras.tree.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), one, other
    )


def test_ids_in_any_library_s_names_are_the_texts(loaded):
    model, texts = loaded
    ids = model.prepared(texts)[0]
    assert set(ids) == set(given.INPUTS)
    assert all(v.dtype == np.int32 for v in ids.values())
    expected = model.predict(texts, verbose=0)
    names = {
        "KerasHub": ("token_ids", "padding_mask", "segment_ids"),
        "transformers": ("input_ids", "attention_mask", "token_type_ids"),
    }
    for theirs in names.values():
        renamed = {
            name: ids[ours]
            for name, ours in zip(theirs, given.INPUTS, strict=True)
        }
        renamed[theirs[1]] = renamed[theirs[1]].astype(bool)
        assert_same(model(renamed), expected)
        tensors = {n: tf.constant(v, tf.int64) for n, v in ids.items()}
        lists = {n: v.tolist() for n, v in ids.items()}
        for kind in (tensors, lists, tf.data.Dataset.from_tensors(ids)):
            assert_same(model.predict(kind, verbose=0), expected)


def test_ids_alone_have_no_padding(loaded):
    model, _ = loaded
    ids = np.array([[2, 5, 6, 3], [2, 7, 8, 3]])
    ids = ids[None] if model.AXES == 3 else ids
    mask = {"input_ids": ids, "input_mask": np.ones_like(ids)}
    assert_same(model(ids), model(mask))
    assert_same(model.predict(ids.tolist(), verbose=0), model(mask))


def test_files_and_copies_are_the_same_model(loaded, tmp_path):
    model, texts = loaded
    expected = model.predict(texts, verbose=0)
    model.save(tmp_path / "x.keras")
    again = keras.models.load_model(tmp_path / "x.keras")
    assert_same(again.predict(texts, verbose=0), expected)
    assert again.get_config() == model.get_config()
    assert type(again.loss) is type(model.loss)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert_same(clone(clone.prepared(texts)[0]), expected)
    from_json = keras.models.model_from_json(model.to_json())
    assert type(from_json) is type(model)
    for copied in (clone, from_json, copy.deepcopy(model)):
        assert copied.tokenizer.get_config() == model.tokenizer.get_config()


def test_a_model_inside_another_keeps_its_tokenizer(model_folder):
    model = Classifier.load(str(model_folder), num_labels=2)
    ids = keras.Input((None,), dtype="int32")
    around = keras.Model(ids, model(ids))
    inside = keras.models.clone_model(around).get_layer(model.name)
    assert inside.prepared(TEXTS)[0].keys() == model.prepared(TEXTS)[0].keys()


def test_a_tokenizer_that_does_not_fit_is_refused(model_folder, tmp_path):
    model = Classifier.load(str(model_folder), num_labels=2)
    vocab = tmp_path / "vocab.txt"
    vocab.write_text("\n".join([*model.tokenizer.tokens, "more"]))
    wrong = {
        "The tokenizer has": electra_tf.Tokenizer(str(vocab)),
        "must be an electra_tf.Tokenizer": str(vocab),
    }
    for message, model.tokenizer in wrong.items():
        with pytest.raises(UserError, match=message):
            model.prepared(TEXTS)
        with pytest.raises(UserError, match=message):
            model.get_config()
    with pytest.raises(UserError, match="must have its vocabulary"):
        Classifier(model.encoder, num_labels=2, tokenizer={"a": 1})


def test_a_folder_is_the_same_model(loaded, tmp_path):
    model, texts = loaded
    path = str(tmp_path / "saved")
    electra_tf.save(path, model)
    again = type(model).load(path, max_length=16)
    assert_same(
        again(model.prepared(texts)[0]), model.predict(texts, verbose=0)
    )
    with pytest.raises(FileExistsError):
        electra_tf.save(path, model)


def test_dropout_is_on_in_training_alone(loaded):
    model, texts = loaded
    ids = model.prepared(texts)[0]
    assert_same(model(ids), model(ids, training=False))
    plain, dropped = (
        keras.tree.flatten(model(ids, training=training))[-1]
        for training in (False, True)
    )
    assert np.abs(plain - dropped).max() > 1e-4


def test_an_exported_model_takes_any_length(model_folder, tmp_path):
    model = Classifier.load(str(model_folder), num_labels=2)
    model.export(str(tmp_path / "saved"), verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    for length in (5, 9):
        batch = model.tokenizer(TEXTS, max_length=length)
        tensors = {name: tf.constant(values) for name, values in batch.items()}
        assert_same(loaded.serve(tensors), model(batch))


def test_a_file_that_onnx_cannot_read_is_not_left(model_folder, tmp_path):
    pytest.importorskip("tf2onnx")
    model = Classifier.load(str(model_folder), num_labels=2)
    with pytest.raises(UserError, match=r"export to ONNX cannot .*Erfc"):
        model.export(str(tmp_path / "x.onnx"), format="onnx", verbose=False)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "inputs, message",
    [
        ({"ids": np.ones((1, 3), "int32")}, "must have input_ids"),
        ([np.ones((1, 3)), np.ones((1, 3))], "input_ids must be equally long"),
        (np.ones((1, 3), "float32"), "input_ids must be integers"),
        (
            tf.data.Dataset.from_tensors(np.ones(3, "int32")),
            r"must be \(batch, length\)",
        ),
        ([[1, 2], [1]], "input_ids must be equally long lists"),
        (
            {"input_ids": [[1]], "token_ids": [[1]]},
            "input_ids is given twice",
        ),
        (
            tf.data.Dataset.from_tensors({"text": ["a"]}),
            "must have batches of ids, or of texts",
        ),
    ],
)
def test_what_is_no_input_is_refused_with_a_sentence(
    model_folder, inputs, message
):
    model = Discriminator.load(str(model_folder))
    model.compile(run_eagerly=True)
    with pytest.raises(UserError, match=message):
        model.predict(inputs, verbose=0)


def test_what_is_frozen_stays_so(model_folder, tmp_path, recwarn):
    model = Classifier.load(str(model_folder), num_labels=2)
    model.encoder.embeddings.trainable = False
    model.compile(run_eagerly=True)
    model.fit(TEXTS, [0, 1], verbose=0)
    model.save(tmp_path / "x.keras")
    again = keras.models.load_model(tmp_path / "x.keras")
    paths = [[w.path for w in m.trainable_weights] for m in (model, again)]
    assert paths[0] == paths[1] and len(paths[0]) < len(model.weights)
    assert not [w for w in recwarn if "optimizer" in str(w.message)]
    for one, other in zip(
        model.optimizer.variables, again.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(one, other)
    encoder = type(model.encoder).from_config(model.encoder.get_config())
    assert not encoder.embeddings.trainable and encoder.trainable
    model.encoder.trainable = False
    encoder = type(model.encoder).from_config(model.encoder.get_config())
    encoder.build()
    assert not encoder.trainable_weights


@pytest.mark.parametrize("max_length", [3, 33])
def test_lengths_are_those_of_the_encoder(model_folder, max_length):
    with pytest.raises(UserError, match="at most the 32 positions"):
        Discriminator.load(str(model_folder), max_length=max_length)
    assert Discriminator.load(str(model_folder)).max_length == 32


def test_a_call_takes_no_texts(model_folder):
    model = Discriminator.load(str(model_folder))
    with pytest.raises(UserError, match="Texts go to fit"):
        model({"text": np.array(["a"])})
    for texts in (["a"], [("a", "b")], {"text": ["a"]}):
        with pytest.raises(UserError, match="Texts go to fit"):
            given.named(texts)


def test_texts_need_a_tokenizer(model_folder):
    encoder = electra_tf.Encoder.load(str(model_folder))
    model = Classifier(encoder, num_labels=2)
    with pytest.raises(UserError, match="Texts need a tokenizer"):
        model.predict(["a"])
    with pytest.raises(UserError, match="needs a tokenizer"):
        electra_tf.save("nowhere", model)
    assert model.encoder is encoder


def test_encoders_load_in_any_policy(model_folder):
    for policy in ("float32", "mixed_bfloat16"):
        encoder = electra_tf.Encoder.load(str(model_folder), dtype=policy)
        output = encoder(np.array([[2, 5, 3]])).sequence_output
        assert output.dtype == encoder.compute_dtype
        assert encoder.dtype_policy.name == policy


def _files(model, texts, folder) -> dict:
    """The outputs of copies of a model by a file, a clone and its weights."""
    model.save(folder / "x.keras")
    model.save_weights(folder / "x.weights.h5")
    copies = {"file": keras.models.load_model(folder / "x.keras")}
    ids = model.prepared(texts)[0]
    copies["clone"] = keras.models.clone_model(model)
    copies["clone"].set_weights(model.get_weights())
    copies["json"] = keras.models.model_from_json(model.to_json())
    copies["json"].load_weights(folder / "x.weights.h5")
    return {name: copy(ids) for name, copy in copies.items()}


def test_quantized_models_are_saved_as_they_are(
    model_folder, tmp_path, monkeypatch
):
    # Keras collects garbage after each kernel, which takes long in tests.
    monkeypatch.setattr("gc.collect", lambda: 0)
    for kind in (Classifier, MultipleChoice, MaskedLM):
        options, texts = MODELS[kind]
        model = kind.load(str(model_folder), max_length=16, **options)
        ids = model.prepared(texts)[0]
        plain = model(ids)
        model.quantize("int8")
        expected = model(ids)
        differences = keras.tree.map_structure(
            lambda a, b: np.abs(a - b).max(), plain, expected
        )
        assert max(keras.tree.flatten(differences)) > 0
        kernels = [w for w in model.weights if "int8" in str(w.dtype)]
        assert kernels and not any(w.trainable for w in kernels)
        for found in _files(model, texts, tmp_path).values():
            assert_same(found, expected)
        with pytest.raises(UserError, match=r"plain weights.* quantized"):
            electra_tf.save(str(tmp_path / "folder"), model)


def test_lora_is_merged_into_what_is_saved(model_folder, tmp_path):
    keras.utils.set_random_seed(1)
    model = Classifier.load(str(model_folder), num_labels=2, max_length=8)
    query = model.encoder.blocks[0].attention.query
    query.enable_lora(2)
    model.compile(run_eagerly=True)
    model.optimizer.learning_rate = 0.1
    model.fit(TEXTS, [0, 1], epochs=2, verbose=0)
    assert np.abs(query.lora_kernel_b).max() > 0
    ids = model.prepared(TEXTS)[0]
    expected = model(ids)
    model.save(tmp_path / "x.keras")
    assert_same(keras.models.load_model(tmp_path / "x.keras")(ids), expected)
    electra_tf.save(str(tmp_path / "folder"), model)
    assert_same(Classifier.load(str(tmp_path / "folder"))(ids), expected)


def test_public_names_are_listed():
    assert set(electra_tf.__all__) <= set(dir(electra_tf))
    for name in electra_tf.__all__:
        assert getattr(electra_tf, name).__doc__, name
    package = pathlib.Path(electra_tf.__file__)
    assert (package.parent / "py.typed").exists()
    typed = {
        alias.asname
        for node in ast.walk(ast.parse(package.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == set(electra_tf.__all__)
