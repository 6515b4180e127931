"""Texts of which nothing, or not all, can be read are told or refused."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.models.classifier import Classifier
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.models.token_models import Discriminator, MaskedLM
from tests.models import folders


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes models of random weights, which run without a graph."""
    return folders.eager_models(tmp_path_factory.mktemp("given"))


@pytest.mark.parametrize("text", ["\u200b", "\0"])
def test_texts_without_tokens_are_refused(made, text):
    classifier = made(Classifier, labels=["bad", "good"])
    with pytest.raises(UserError, match="Row 1: 'text' has no token"):
        classifier.predict(["a good film", text])
    choices = made(MultipleChoice)
    with pytest.raises(UserError, match="Row 0: 'choices' has no token"):
        choices.predict([{"text": "a", "choices": ["good", text]}])


def test_unknown_words_are_told_once_a_call(made, caplog):
    for kind in (Discriminator, MaskedLM):
        made(kind).predict(["a good film"], verbose=0)
    classifier = made(Classifier, labels=["bad", "good"])
    classifier.predict(["a good film"], verbose=0)
    assert not caplog.messages
    classifier.predict(["a good \u0444", "bad"] * 40, verbose=0)
    (told,) = caplog.messages
    assert told.startswith("25% of the tokens are [UNK]")
    assert "'\u0444'" in told
    made(Discriminator).predict(["\u0444"], verbose=0)
    assert len(caplog.messages) == 2


def test_unknown_words_of_a_dataset_are_told_once(made, caplog):
    classifier = made(Classifier, labels=["bad", "good"])
    for text in ("a good film", "a good \u0444"):
        data = tf.data.Dataset.from_tensors([text]).repeat(30)
        for _ in range(2):
            classifier.predict(data, verbose=0)
    first, second = caplog.messages  # One for each call.
    assert first == second
    assert first.startswith("33% of the tokens are [UNK]")


def _bytes_in(kind):
    texts = [b"a good film", b"b\xe4d"]
    return {
        "list": texts,
        "array": np.array(texts),
        "objects": np.array(texts, object),
        "tensor": tf.constant(texts),
    }[kind]


@pytest.mark.parametrize("kind", ["list", "array", "objects", "tensor"])
def test_bytes_that_are_not_utf_8_are_refused(made, kind):
    classifier = made(Classifier, labels=["bad", "good"])
    message = r"UTF-8.*b'b\\xe4d' at place 1, with 0xe4 at byte 1"
    for ask in (classifier.predict, classifier.tokenizer):
        with pytest.raises(UserError, match=message):
            ask(_bytes_in(kind))


def test_one_text_of_bytes(made):
    classifier = made(Classifier, labels=["bad", "good"])
    found, _ = classifier.prepared("bad \u00e9".encode())
    ids = classifier.tokenizer("bad \u00e9", max_length=8)["input_ids"]
    np.testing.assert_array_equal(found["input_ids"], ids[None])
    with pytest.raises(UserError, match=r"Received: b'b.xe4d', with 0xe4"):
        classifier.predict(b"b\xe4d")
