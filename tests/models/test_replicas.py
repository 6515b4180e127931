"""Two replicas train and evaluate as one device does."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.layers.dropout import Dropout
from electra_tf.models.classifier import Classifier
from electra_tf.models.multiple_choice import MultipleChoice
from electra_tf.models.question_answerer import QuestionAnswerer
from electra_tf.models.tagger import Tagger
from electra_tf.models.token_models import Discriminator, MaskedLM
from electra_tf.models.tokenizer import Tokenizer
from tests import tiny
from tests.models.folders import VOCAB
from tests.replicas import two_replicas

TEXTS = ["a good film", "bad", "what is the new film", "old"]
IDS = {"input_ids": np.array([[2, 5, 6, 3], [2, 7, 8, 3]] * 2, np.int32)}
TOKENS = np.array([[0, 1, 1, -100], [1, 1, 0, -100]] * 2)
SPANS = {
    "start_positions": np.array([1, 2, 2, 3]),
    "end_positions": np.array([2, 3, 2, 3]),
}
# A model's arguments, its inputs, its labels.
CASES = {
    "texts": (Classifier, {"num_labels": 2}, TEXTS, [0, 1, 1, 0]),
    "words": (Tagger, {"num_labels": 2}, [["a", "film"]] * 4, [[0, 1]] * 4),
    "choices": (
        MultipleChoice,
        {},
        [("what?", ["a film", "bad"])] * 4,
        ["A", "B", "B", "A"],
    ),
    "spans": (QuestionAnswerer, {"max_length": 16}, IDS, SPANS),
    "MaskedLM": (MaskedLM, {}, IDS, TOKENS),
    "Discriminator": (Discriminator, {}, IDS, TOKENS),
}


def made(kind, strategy, tmp_path, **options):
    vocab = tmp_path / "vocab.txt"
    vocab.write_text("\n".join(VOCAB))
    keras.utils.set_random_seed(3)
    with strategy.scope() if strategy else contextlib.nullcontext():
        config = tiny.encoder(
            num_hidden_layers=1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        model = kind(config, tokenizer=Tokenizer(str(vocab)), **options)
        model.compile(keras.optimizers.SGD(0.5))
    for layer in model.head._flatten_layers():
        if isinstance(layer, Dropout):
            layer.rate = 0.0
    return model


@pytest.mark.parametrize("name", CASES)
def test_two_replicas_are_one_device(name, tmp_path):
    kind, options, inputs, labels = CASES[name]
    found = []
    for strategy in (None, two_replicas()):
        model = made(kind, strategy, tmp_path, **options)
        history = model.fit(
            inputs, labels, batch_size=4, shuffle=False, verbose=0
        ).history
        found.append((history, model.get_weights()))
    keras.tree.map_structure(
        lambda one, other: np.testing.assert_allclose(one, other, atol=2e-5),
        *found,
    )


def test_unequal_parts_and_steps(tmp_path):
    """Replicas have two texts and one; of two batches none is lost."""
    model = made(Classifier, two_replicas(), tmp_path, num_labels=2)
    model.optimizer.learning_rate = 0.0
    labels = [0, 1, 1]
    model.fit(TEXTS[:3], labels, batch_size=4, verbose=0)
    logits = model.predict(TEXTS, verbose=0)
    losses = np.log(np.sum(np.exp(logits), -1)) - logits[:, 0]
    data = tf.data.Dataset.from_tensor_slices((TEXTS, [0] * 4)).batch(2)
    history = model.fit(data, steps_per_epoch=2, verbose=0).history
    assert history["loss"][0] == pytest.approx(np.mean(losses), rel=1e-4)
    found = model.evaluate(data, verbose=0)[0]
    assert found == pytest.approx(np.mean(losses), rel=1e-4)


def test_what_needs_labels_says_so_on_replicas(tmp_path):
    model = made(QuestionAnswerer, two_replicas(), tmp_path)
    with pytest.raises(UserError, match="Training needs labels"):
        model.fit(IDS, verbose=0)


def test_losses_of_answers_have_weights_and_regularizers(tmp_path):
    model = made(QuestionAnswerer, None, tmp_path)
    model.run_eagerly = True
    plain = model.evaluate(IDS, SPANS, verbose=0)
    kernel = model.encoder.blocks[0].intermediate.kernel
    kernel.regularizer = keras.regularizers.L2(3.0)
    more = 3 * np.sum(np.square(kernel))
    found = model.evaluate(IDS, SPANS, verbose=0)
    assert found == pytest.approx(plain + more, rel=1e-5)
    kernel.regularizer = None
    model.compile(loss_weights=[0.25], run_eagerly=True)
    found = model.evaluate(IDS, SPANS, verbose=0)
    assert found == pytest.approx(plain / 4, rel=1e-5)
    ones = [0.0, 0.0, 2.0, 0.0]
    found = model.evaluate(IDS, SPANS, sample_weight=ones, verbose=0)
    one = {name: values[2:3] for name, values in SPANS.items()}
    ids = IDS["input_ids"][2:3]
    alone = model.evaluate(ids, one, verbose=0)
    assert found == pytest.approx(alone / 2, rel=1e-5)
