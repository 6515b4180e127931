"""Generator first, then a discriminator that starts from its weights."""

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import encoder_config, generator_config
from electra_tf.pretraining import build, two_stage
from electra_tf.pretraining.masking import Batch
from electra_tf.randomness import RandomStream
from tests import tiny
from tests.pretraining.updates import updated_weights
from tests.pretraining.variants import VARIANTS

TWO_STAGES = VARIANTS["two stages"]


def touched(losses) -> set[str]:
    """Parts of the model with a gradient of some losses."""
    pretrainer = tiny.pretrainer(tiny.pretraining(**TWO_STAGES))
    batch = Batch(*map(tf.constant, tiny.batch()))
    variables = {k: v.value for k, v in pretrainer.variables.items()}
    with tf.GradientTape() as tape:
        terms = losses(pretrainer, batch, RandomStream(0, 0))
        loss = sum(t.total for t in terms.values() if t.weight is not None)
    return {
        path.split("/")[0]
        for path, gradient in tape.gradient(loss, variables).items()
        if gradient is not None
    }


def test_each_stage_trains_one_network():
    generator = {"generator", "generator_predictions"}
    assert touched(two_stage.generator_losses) == generator
    assert touched(two_stage.discriminator_losses) == {
        "electra",
        "discriminator_predictions",
    }


def test_the_discriminator_starts_as_the_generator():
    pretrainer = tiny.pretrainer(tiny.pretraining(**TWO_STAGES))
    two_stage.start_discriminator(pretrainer)
    batch = tiny.batch()
    outputs = [
        encoder(batch.input_ids, input_mask=batch.input_mask).sequence_output
        for encoder in (pretrainer.main, pretrainer.generator.encoder)
    ]
    np.testing.assert_array_equal(*outputs)


def test_a_frozen_generator_has_no_dropout():
    pretrainer = tiny.pretrainer(tiny.pretraining(**TWO_STAGES))
    batch = Batch(*map(tf.constant, tiny.batch()))
    random = RandomStream(0, 0)
    frozen, still, trained = (
        pretrainer(batch, random, **settings)
        for settings in (
            {"training": True, "frozen_generator": True},
            {"training": False},
            {"training": True},
        )
    )
    np.testing.assert_array_equal(
        frozen.generator_output.logits, still.generator_output.logits
    )
    assert (
        (trained.generator_output.logits != still.generator_output.logits)
        .numpy()
        .any()
    )
    assert (frozen.disc_logits != still.disc_logits).numpy().any()


def test_the_generator_stays_as_the_first_stage_left_it():
    """Weight decay and momentum do not move what is not trained."""
    alone = tf.distribute.get_strategy()
    weights = updated_weights(alone, **TWO_STAGES)
    longer = updated_weights(alone, **TWO_STAGES, mask_token_share=0.5)
    start = tiny.pretrainer(tiny.pretraining(**TWO_STAGES)).variables
    assert weights.keys() == start.keys()
    moved = {
        path.split("/")[0]
        for path, value in weights.items()
        if (value != longer[path]).any()
    }
    assert {"electra", "generator"} <= moved
    generator = weights["generator/embeddings/word_embeddings"]
    discriminator = weights["electra/embeddings/word_embeddings"]
    # Five updates at a rate of 0.001, from the same weights.
    difference = np.abs(generator - discriminator)
    assert 0 < difference.max() < 0.05


def test_each_stage_has_its_own_warm_up():
    config = tiny.pretraining(
        **{**TWO_STAGES, "num_train_steps": 40},
        generator_steps=10,
        num_warmup_steps=4,
        learning_rate=1.0,
    )
    rate = build.optimizer(config, {}).learning_rate
    first = [float(rate(step)) for step in (0, 2, 5, 9)]
    np.testing.assert_allclose(first, [0, 0.8 * 0.5, 0.5, 0.1], rtol=1e-6)
    second = [float(rate(step)) for step in (10, 12, 25, 39)]
    np.testing.assert_allclose(
        second, [0, 28 / 30 * 0.5, 0.5, 1 / 30], rtol=1e-6
    )


def test_a_warm_up_that_never_ends_is_told(capsys):
    settings = {**TWO_STAGES, "num_train_steps": 40}
    settings |= {"num_warmup_steps": 400, "learning_rate": 1.0}
    build.optimizer(tiny.pretraining(**settings, generator_steps=10), {})
    printed = capsys.readouterr().err
    assert "there are (10), the learning rate is 0.00625 at most." in printed
    assert "there are (30), the learning rate is 0.0188 at most." in printed


def test_the_generator_is_the_discriminators_twin():
    config = tiny.pretraining(**TWO_STAGES)
    assert generator_config(config) == encoder_config(config)
    assert config.generator_steps == 6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator_hidden_size": 0.5}, "must have the same size"),
        ({"weight_sharing": "embeddings"}, "0, 'embeddings'."),
        ({"generator_steps": 12}, "fewer than num_train_steps"),
        ({"objective": "electric"}, "needs objective 'rtd'"),
        ({"generator": "unigram"}, "'rtd' and 'unigram'"),
        (
            {"generator_training": "joint", "generator_steps": 3},
            "generator_steps needs",
        ),
    ],
)
def test_what_two_stages_need(changes, message):
    with pytest.raises(ValueError) as error:
        tiny.pretraining(**{**TWO_STAGES, **changes})
    assert message in str(error.value)
