"""What users give to models: taken as they mean it, or refused."""

import keras
import numpy as np
import pytest

from electra_tf.errors import UserError
from electra_tf.models import given
from electra_tf.models.classifier import Classifier
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.models.question_answerer import QuestionAnswerer
from electra_tf.models.tagger import Tagger
from electra_tf.models.token_models import Discriminator
from tests import tiny
from tests.models import folders

TEXTS = ["a good film", "bad"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes models of random weights, which run without a graph."""
    tokenizer = folders.tokenizer(tmp_path_factory.mktemp("given"))
    keras.utils.set_random_seed(1)

    def of(kind, /, **arguments):
        config = tiny.encoder(num_hidden_layers=1)
        model = kind(config, tokenizer=tokenizer, max_length=8, **arguments)
        model.compile("sgd", run_eagerly=True)
        return model

    return of


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
    for model, x, y in (
        (regression, TEXTS, np.ones((2, 2))),
        (tagger, ["a good"], [[0, 1.5]]),
        (tagger, ["a good"], [[0, 2]]),
        (chooser, inputs, [2, 2]),
        (chooser, asked, [0.5, 1]),
        (chooser, [asked[0], 3], None),
        (answerer, [[2, 3, 3]], {"start_positions": [1]}),
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
