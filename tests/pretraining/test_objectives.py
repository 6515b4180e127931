"""Losses of every objective, by paper and pencil, and what must hold."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.configs.objectives import OBJECTIVES
from electra_tf.pretraining import metrics, objectives
from electra_tf.pretraining.masking import Batch
from electra_tf.pretraining.objectives import TokenPredictions
from electra_tf.pretraining.pretrainer import Corrupted, PretrainingOutput
from electra_tf.randomness import RandomStream
from tests import tiny
from tests.pretraining.test_pretrainer import build

# Four tokens, of which the second and third were chosen and the last is
# padding; the second was replaced, the third by itself.
DETECTION = PretrainingOutput(
    batch=None,
    maskable=None,
    masked=None,
    generator_output=None,
    corrupted=Corrupted(
        input_ids=None,
        is_fake=np.array([[0, 1, 0, 0]]),
        is_replaced_position=np.array([[False, True, True, False]]),
        sampled_ids=None,
    ),
    disc_logits=np.array([[-1.0, 2.0, 0.0, 5.0]], np.float32),
)
CROSS_ENTROPIES = [np.log(1 + np.exp(-1)), np.log(1 + np.exp(-2)), np.log(2)]


def predictions(copy_logits=None, input_ids=(1, 2)) -> TokenPredictions:
    """Of two tokens, 0 and 2; the probabilities are 1/8, 3/8 and 1/2."""
    logits = np.log([[[1, 3, 4], [1, 3, 4]]]).astype(np.float32)
    return TokenPredictions(
        logits=logits,
        ids=np.array([[0, 2]]),
        input_ids=np.array([input_ids]),
        weights=np.ones((1, 2), np.float32),
        copy_logits=copy_logits,
    )


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1, 1, 1, 0], CROSS_ENTROPIES), ([0, 1, 1, 0], CROSS_ENTROPIES[1:])],
    ids=["rtd", "electra_15"],
)
def test_detection_by_hand(weights, expected):
    output = DETECTION._replace(disc_weights=np.array([weights], np.float32))
    terms = objectives.Detection.losses(tiny.pretraining(), output)
    term = terms["disc_loss"]
    assert term.weight == 50
    np.testing.assert_allclose(term.total, sum(expected), rtol=1e-6)
    assert term.count == len(expected)


def test_tokens_by_hand():
    losses = objectives.prediction_losses(predictions())
    np.testing.assert_allclose(losses, [[np.log(8), np.log(2)]], rtol=1e-6)


def test_the_mean_over_tokens_has_the_weight_of_the_main_network():
    output = DETECTION._replace(predictions=predictions())
    config = tiny.pretraining(disc_weight=7.0)
    term = objectives.Tokens.losses(config, output)["token_loss"]
    assert term.weight == 7
    np.testing.assert_allclose(term.total, np.log(16), rtol=1e-6)
    assert term.count == 2


def test_copied_tokens_by_hand():
    """Copied with probability 1/4; the first was replaced, by token 1."""
    quarter = np.full((1, 2), -np.log(3), np.float32)
    losses = objectives.prediction_losses(predictions(quarter))
    probabilities = [3 / 4 * 1 / 8, 1 / 4 + 3 / 4 * 1 / 2]
    np.testing.assert_allclose(losses, [-np.log(probabilities)], rtol=1e-6)


@pytest.mark.parametrize(
    ("probability", "expected"),
    # 1: 3/4 drawn and 1/8 of it, against 1/4 copied; 2: 0.05 + 3/8 * 0.95.
    [(0.05, [2, 2]), (0.25, [1, 2]), (0.99, [1, 2])],
)
def test_the_likeliest_token_may_be_a_copy(probability, expected):
    logit = np.log(probability / (1 - probability))
    copies = np.full((1, 2), logit, np.float32)
    found = objectives.most_likely(predictions(copies))
    np.testing.assert_array_equal(found, [expected])


def test_copying_for_certain_costs_nothing_where_nothing_was_replaced():
    certain = np.full((1, 2), 1e4, np.float32)
    losses = objectives.prediction_losses(predictions(certain, (0, 2)))
    np.testing.assert_array_equal(losses, [[0, 0]])


def test_copying_never_is_prediction_without_the_mechanism():
    never = np.full((1, 2), -1e4, np.float32)
    np.testing.assert_allclose(
        objectives.prediction_losses(predictions(never, (0, 2))),
        objectives.prediction_losses(predictions()),
        rtol=1e-6,
    )


def test_accuracies_by_hand():
    found = metrics._prediction_pairs(predictions(input_ids=(0, 1)))
    np.testing.assert_array_equal(found["token_accuracy"], (1, 2))
    np.testing.assert_array_equal(found["replaced_token_accuracy"], (1, 1))


def outputs(name: str):
    """The same draws for every objective, through the same weights."""
    keras.utils.set_random_seed(3)
    pretrainer = build(objective=name)
    batch = Batch(*map(tf.constant, tiny.batch()))
    return pretrainer, pretrainer(batch, RandomStream(0, 1), training=False)


def test_electra_15_is_rtd_with_the_other_weights_at_zero():
    _, all_tokens = outputs("rtd")
    pretrainer, chosen = outputs("electra_15")
    np.testing.assert_array_equal(all_tokens.disc_logits, chosen.disc_logits)
    weights = tf.cast(all_tokens.corrupted.is_replaced_position, tf.float32)
    assert 0 < tf.reduce_sum(weights) < tf.reduce_sum(all_tokens.disc_weights)
    zeroed = all_tokens._replace(disc_weights=all_tokens.disc_weights * weights)
    others = objectives.losses(tiny.pretraining(), zeroed)
    for name, term in objectives.losses(pretrainer.config, chosen).items():
        other = others[name]
        assert loss_terms.value(term) == loss_terms.value(other)


def test_replace_mlm_reads_samples_and_predicts_what_was_chosen():
    _, output = outputs("replace_mlm")
    found, masked = output.predictions, output.masked
    np.testing.assert_array_equal(found.ids, masked.ids)
    np.testing.assert_array_equal(found.weights, masked.weights)
    live = masked.weights.numpy() > 0
    read = output.corrupted.input_ids.numpy()
    at = masked.positions.numpy()
    np.testing.assert_array_equal(
        found.input_ids.numpy()[live], np.take_along_axis(read, at, 1)[live]
    )
    assert not (read == tiny.SPECIAL.mask_id).any()


@pytest.mark.parametrize("name", ["all_tokens_mlm", "all_tokens_mlm_no_copy"])
def test_all_tokens_are_predicted(name):
    _, output = outputs(name)
    found = output.predictions
    np.testing.assert_array_equal(found.ids, output.batch.input_ids)
    np.testing.assert_array_equal(found.weights, output.batch.input_mask)
    assert (found.copy_logits is None) == (name != "all_tokens_mlm")


@pytest.mark.parametrize("name", OBJECTIVES)
def test_metrics_of_every_objective(name):
    _, output = outputs(name)
    found = metrics.summarize(
        {key: value.numpy() for key, value in metrics.sums(output).items()}
    )
    assert all(np.isfinite(value) for value in found.values())
    expected = {
        "detection": "disc_auc",
        "energy": "disc_auc",
        "tokens": "replaced_token_accuracy",
        "copied_tokens": "replaced_token_accuracy",
        None: "masked_lm_accuracy",
    }
    head = OBJECTIVES[name].head
    assert expected[head and head.name] in found
    reported = metrics.training_terms(output)
    assert all(term.weight is None for term in reported.values())


@pytest.mark.parametrize("variant", ["two_tower", "electric"])
def test_a_token_that_is_scored_gives_its_towers_no_gradient(variant):
    generator = build(objective=variant).generator
    batch = Batch(*map(tf.constant, tiny.batch(size=1)))
    place, looked_up = 4, []

    def lookup(table, input_ids):
        looked_up.append(tf.gather(table, input_ids))
        tape.watch(looked_up[-1])
        return looked_up[-1]

    generator.left_to_right.embeddings.lookup = lookup  # Of both towers.
    masked = types.SimpleNamespace(positions=tf.constant([[place]]))
    with tf.GradientTape() as tape:
        logits = generator(batch, masked, None).cloze_logits
        loss = -tf.nn.log_softmax(logits)[0, place, 7]
    gradients = [tf.abs(g) for g in tape.gradient(loss, looked_up)]
    reached = tf.reduce_sum(gradients, axis=[0, 1, 3]).numpy() > 0  # [L]
    assert not reached[place]
    assert reached[:place].all() and reached[place + 1 :].any()
