"""What users give to models: taken as they mean it, or refused."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.models import given
from electra_tf.models.classifier import Classifier
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.models.question_answerer import QuestionAnswerer
from electra_tf.models.tagger import Tagger
from electra_tf.models.token_models import Discriminator, MaskedLM
from tests.models import folders

TEXTS = ["a good film", "bad"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes models of random weights, which run without a graph."""
    return folders.eager_models(tmp_path_factory.mktemp("given"))


def test_columns_of_a_table_are_read_by_their_names(made, caplog):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text_pair": ["a", "b"], "text": TEXTS})
    classifier = made(Classifier, labels=["bad", "good"])
    by_name, _ = classifier.prepared(table)
    pairs, _ = classifier.prepared(list(zip(TEXTS, "ab", strict=True)))
    np.testing.assert_array_equal(by_name["input_ids"], pairs["input_ids"])
    table["label"] = ["good", "bad"]
    classifier.prepared(table)
    assert "columns are not read: label" in caplog.text
    numbers = pandas.DataFrame([[2, 3], [2, 3]])
    assert given.table(numbers) is numbers


def test_weights_of_classes_go_by_name(made):
    classifier = made(Classifier, labels=["bad", "good"])
    labels, none = ["good", "good"], {"good": 0.0, "bad": 1.0}
    lost = classifier.fit(TEXTS, labels, class_weight=none, verbose=0)
    assert lost.history["loss"] == [0.0]
    with pytest.raises(UserError, match=r"Received: \[2\]"):
        classifier.fit(TEXTS, labels, class_weight={2: 1.0})
    with pytest.raises(UserError, match="what Tagger learns is none"):
        made(Tagger, num_labels=2).fit(TEXTS, labels, class_weight=none)


def test_weights_of_a_batch_are_those_of_fit(made):
    classifier = made(Classifier, labels=["bad", "good"])
    labels = ["good", "good"]
    for weights in (
        {"class_weight": {"good": 0.0, "bad": 1.0}},
        {"sample_weight": [0, 0]},
    ):
        assert classifier.train_on_batch(TEXTS, labels, **weights)[0] == 0
    assert classifier.test_on_batch(TEXTS, labels, [0, 0])[0] == 0
    sets = made(Classifier, num_labels=2, kind="multilabel")
    with pytest.raises(UserError, match="what Classifier learns is none"):
        sets.train_on_batch(TEXTS, [[1], [0]], class_weight={1: 0.0})
    with pytest.raises(UserError, match="a number for each label"):
        classifier.fit(TEXTS, labels, sample_weight=np.ones((2, 2)))


PROBABILITIES = {
    "sparse_categorical_crossentropy": "loss",
    keras.losses.SparseCategoricalCrossentropy(): "loss",
    keras.losses.binary_crossentropy: "loss",
    "kl_divergence": "loss",
    "crossentropy": "metrics",
    "binary_accuracy": "metrics",
    keras.metrics.AUC(): "metrics",
    keras.metrics.Precision(): "metrics",
    keras.metrics.F1Score(threshold=0.5): "weighted_metrics",
    keras.metrics.SensitivityAtSpecificity(0.5): "metrics",
    keras.losses.Dice(): "loss",
    keras.losses.Tversky(alpha=0.7): "loss",
    keras.losses.CategoricalGeneralizedCrossEntropy(): "loss",
    "poisson": "loss",
    "msle": "metrics",
    keras.metrics.Poisson(): "weighted_metrics",
    keras.losses.mean_squared_logarithmic_error: "loss",
    keras.metrics.Accuracy(): "metrics",
    keras.metrics.MeanIoU(2): "metrics",
    keras.metrics.BinaryIoU(): "metrics",
}
LOGITS = {
    keras.losses.SparseCategoricalCrossentropy(from_logits=True): "loss",
    "categorical_hinge": "loss",
    keras.metrics.AUC(from_logits=True): "metrics",
    keras.metrics.Precision(thresholds=0.0): "metrics",
    keras.metrics.Recall(top_k=1): "metrics",
    keras.metrics.F1Score(): "metrics",
    "sparse_top_k_categorical_accuracy": "metrics",
    keras.metrics.OneHotIoU(2, [0]): "metrics",
    keras.metrics.BinaryIoU(threshold=0): "metrics",
    "accuracy": "metrics",
    "mse": "loss",
}


def name_of(measure) -> str:
    return measure if isinstance(measure, str) else type(measure).__name__


@pytest.mark.parametrize("measure", [*PROBABILITIES, *LOGITS], ids=name_of)
def test_logits_are_not_taken_for_probabilities(made, measure):
    model = made(Classifier, num_labels=2)
    name = {**PROBABILITIES, **LOGITS}[measure]
    given = {name: measure if name == "loss" else [measure]}
    if measure in LOGITS:
        model.compile(**given)
        return
    with pytest.raises(UserError, match="returns logits, which these would"):
        model.compile(**given)
    regression = made(Classifier, kind="regression")
    regression.compile(**given)  # Keras' own business.


@pytest.mark.parametrize(
    ("kind", "arguments", "labels"),
    [
        (Tagger, {"num_labels": 2}, [[1, -100], [-100, 1]]),
        (Discriminator, {}, [[1, -100], [-100, 1]]),
        (Classifier, {"num_labels": 2, "kind": "multilabel"}, np.eye(2)),
    ],
)
def test_accuracy_by_its_name_is_the_model_s(made, kind, arguments, labels):
    model = made(kind, **arguments)
    usual = model.evaluate([[2, 3]] * 2, labels, verbose=0, return_dict=True)
    for metrics in (["accuracy"], ["acc"]):
        model.compile("sgd", metrics=metrics, run_eagerly=True)
        found = model.evaluate([[2, 3]] * 2, labels, verbose=0)
        assert found[1:][-1] == usual["accuracy"]


@pytest.mark.parametrize(
    ("kind", "metric"),
    [
        (Tagger, "sparse_categorical_accuracy"),
        (Tagger, keras.metrics.SparseTopKCategoricalAccuracy(k=2)),
        (
            MaskedLM,
            keras.metrics.SparseCategoricalCrossentropy("ce", None, True),
        ),
        (Discriminator, keras.metrics.AUC(from_logits=True)),
        (Discriminator, keras.metrics.BinaryCrossentropy(from_logits=True)),
        (Discriminator, keras.metrics.Recall(thresholds=0)),
    ],
)
def test_metrics_of_keras_leave_out_what_is_not_to_be_learnt(
    made, kind, metric, tmp_path
):
    model = made(kind, **({"num_labels": 3} if kind is Tagger else {}))
    ids = np.array([[2, 5, 6, 7], [2, 8, 9, 3]])
    labels = np.array([[0, 1, 1, -100], [-100, 1, 0, -100]])
    used = labels >= 0
    logits = np.array(model(ids))[used]
    plain = keras.metrics.get(metric)
    if isinstance(plain, keras.metrics.Metric):
        plain = plain.from_config(plain.get_config())
        expand = (lambda x: x[:, None]) if logits.ndim == 1 else (lambda x: x)
        plain.update_state(expand(labels[used]), expand(logits))
        right = float(plain.result())
    else:
        right = float(np.mean(plain(labels[used], logits)))
    data = tf.data.Dataset.from_tensors((ids, labels))
    for name in ("metrics", "weighted_metrics"):
        model.compile("sgd", **{"weighted_metrics": None, name: [metric]})
        for given_as in ((ids, labels), (data,)):
            found = model.evaluate(*given_as, verbose=0)[-1]
            assert found == pytest.approx(right, rel=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    found = loaded.evaluate(ids, labels, verbose=0)[-1]
    assert found == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize("kind", [bool, float, int])
def test_labels_of_tokens_are_of_any_kind_of_number(made, kind):
    model = made(Discriminator)
    labels = np.array([[0, 1]], kind)
    _, targets = model.prepared([[2, 5]], labels)
    assert targets.tolist() == [[0, 1]]
    with pytest.raises(UserError, match="whole numbers from 0 to 1"):
        model.prepared([[2, 5]], labels + 0.5)


def test_a_function_without_a_name_is_a_metric(made):
    model = made(Tagger, num_labels=3)
    right = keras.metrics.sparse_categorical_accuracy
    model.compile("sgd", metrics=[functools.partial(right)])
    found = model.evaluate([[2, 5]], [[1, -100]], verbose=0, return_dict=True)
    assert found["metric"] in (0, 1)


def test_labels_of_one_column_are_counted_once(made):
    model = made(Classifier, num_labels=3)
    model.compile("sgd", metrics=[keras.metrics.SparseCategoricalAccuracy()])
    ids, labels = [[2, 5]] * 3, np.array([[1], [-100], [1]])
    data = tf.data.Dataset.from_tensors((np.array(ids), labels))
    answer = int(np.argmax(np.array(model(np.array(ids)))[0]))
    assert model.evaluate(data, verbose=0)[-1] == (answer == 1)


def test_tokens_with_nothing_to_learn_have_no_part_in_detection(made):
    model = made(Discriminator)
    ids = np.array([[2, 5, 6, 0]])
    labels = np.array([[0, 1, 0, -100]])
    ((plain, right),) = [model.evaluate(ids, labels, verbose=0)]
    logits = np.array(model(ids))[0, :3]
    losses = np.log1p(np.exp(logits)) - [0, 1, 0] * logits
    assert plain == pytest.approx(losses.sum() / 4, rel=1e-4)
    assert right == pytest.approx(np.mean((logits > 0) == [0, 1, 0]))


def test_labels_in_a_dataset_are_neither_cut_nor_repeated(made):
    ids = np.full((2, 4), 5)
    spans = {"start_positions": [1, 1]}
    for model, labels, message in (
        (made(Classifier, num_labels=2), [0.7, 1.2], "whole numbers"),
        (made(Classifier, kind="regression"), np.ones((2, 2)), "1 to 1 axes"),
        (made(Discriminator), [1, 0], "2 to 2 axes"),
        (made(QuestionAnswerer), spans, "must be both start_positions and"),
    ):
        data = tf.data.Dataset.from_tensors((ids, labels))
        with pytest.raises(UserError, match=message):
            model.fit(data, verbose=0)
    data = tf.data.Dataset.from_tensors((ids, [[1.0], [0.0]]))
    assert made(Classifier, kind="regression").fit(data, verbose=0)
    data = tf.data.Dataset.from_tensors(
        (ids, {**spans, "end_positions": [1, 2]})
    )
    assert made(QuestionAnswerer).fit(data, verbose=0)


def test_the_weight_of_a_text_is_one_of_each_token(made):
    model = made(Discriminator)
    size = model.max_length  # As many texts as tokens: both axes would do.
    ids = np.arange(size * size).reshape(size, size) % 20
    weights = [1.0] + [0.0] * (size - 1)
    by_text, by_token = (
        model.evaluate(ids, ids % 2, sample_weight=chosen, verbose=0)
        for chosen in (weights, np.repeat([weights], size, 0).T)
    )
    assert by_text == by_token
    asked = [("what is good?", "film")] * 2
    answerer = made(QuestionAnswerer)
    answers = [("film", 0)] * 2
    assert not answerer.evaluate(asked, answers, sample_weight=[0, 0])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([2, 3], "equally long lists"),
        (np.array([2, 3]), "must have 2 axes"),
        ([[2, 50]], "must be 0 to 49. Received: 2 to 50"),
        ([[2] * 33], "has 32 positions"),
        ({"input_ids": [[2, 3]], "input_mask": [[1]]}, "the same shape"),
        ([None, 3], "Received"),
        ([None, "a"], "Received: None at place 0"),
        ([], "a text at least"),
        (np.ones((0, 3), int), "a text at least"),
        (
            {"input_ids": [[2]], "segment_ids": [[2]]},
            "segment_ids must be 0 to 1",
        ),
        (
            {"input_ids": [[2]], "input_mask": [[-9]]},
            "input_mask must be 0 to 1",
        ),
    ],
)
def test_ids_that_no_model_reads(made, ids, message):
    with pytest.raises(UserError, match=message):
        made(Classifier, num_labels=2).prepared(ids)


def test_labels_that_no_model_learns(made):
    sets = made(Classifier, labels=["x", "y"], kind="multilabel")
    _, rows = sets.prepared([*TEXTS, "a"], [[0, 1], [1], []])
    assert rows.tolist() == [[1, 1], [0, 1], [0, 0]]
    sets = made(Classifier, num_labels=2, kind="multilabel")
    _, rows = sets.prepared(TEXTS, [["0", "1"], ["1", "0"]])
    assert rows.tolist() == [[1, 1], [1, 1]]
    assert sets.prepared(TEXTS, np.eye(2))[1].tolist() == [[1, 0], [0, 1]]
    regression = made(Classifier, kind="regression")
    classifier = made(Classifier, num_labels=2)
    _, numbers = classifier.prepared(TEXTS, [[1], [0]])
    assert numbers.tolist() == [1, 0]
    tagger = made(Tagger, num_labels=2)
    chooser = made(MultipleChoice)
    asked = [("a", ["good", "bad"]), ("b", ["a", "b", "film"])]
    inputs, _ = chooser.prepared(asked)
    answerer = made(QuestionAnswerer)
    span = {"start_positions": [0], "end_positions": [0]}
    for model, x, y in (
        (regression, TEXTS, np.ones((2, 2))),
        (tagger, ["a good"], [[0, 1.5]]),
        (tagger, ["a good"], [[0, 2]]),
        (chooser, inputs, [2, 2]),
        (chooser, asked, [0.5, 1]),
        (chooser, [asked[0], 3], None),
        (answerer, [[2, 3, 3]], {"start_positions": [1]}),
        (answerer, [[2, 3]], {"start_positions": [1], "end_positions": [0]}),
        (answerer, [[2, 3]], {**span, "is_impossible": [2]}),
        (sets, TEXTS, [[0], [-100]]),
        (made(Discriminator), [[2, 3]], [[0, 7]]),
        (made(Discriminator), [[2, 3], [2, 3]], [0, 1]),
        (made(MaskedLM), [[2, 3]], [[0, 50]]),
        (made(MaskedLM), [[2, 3]], [[0, 1.5]]),
        (made(MaskedLM), [[2, 3], [2, 3]], [[0, 1], [0]]),
        (answerer, [[2, 3]], {n: [2] for n in ("start_positions",)}),
    ):
        with pytest.raises(UserError, match="Received"):
            model.prepared(x, y)
    with pytest.raises(UserError, match="need labels"):
        classifier.fit(TEXTS, verbose=0)
    assert classifier.train_on_batch(TEXTS, ["1", "0"])


@pytest.mark.parametrize(
    "labels", ["good", {"a", "b"}, {"b": 1, "a": 0}, ["a", "a"], [1, 2]]
)
def test_labels_are_names_in_an_order(made, labels):
    with pytest.raises(UserError, match="labels must be"):
        made(Classifier, labels=labels)


def test_numbers_of_labels_whose_names_are_other_numbers(made):
    classifier = made(Classifier, labels=["1", "2"])
    assert classifier.prepared(TEXTS, ["1", "2"])[1].tolist() == [0, 1]
    for numbers in ([1, 1], np.array([0, 1])):
        with pytest.raises(UserError, match="names of labels are numbers"):
            classifier.prepared(TEXTS, numbers)


def test_ids_that_no_token_has(made):
    tokenizer = made(Discriminator).tokenizer
    for ids in ([-1], [999], [0.5]):
        with pytest.raises(UserError, match="ids must be whole numbers from"):
            tokenizer.decode(ids)
