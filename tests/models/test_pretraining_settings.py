"""Every setting of the program is honoured by `Pretraining`, or refused."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from electra_tf.configs import PretrainingConfig
from electra_tf.errors import UserError
from electra_tf.models import pretraining_settings
from electra_tf.models.pretraining import Pretraining
from electra_tf.training.non_finite import NonFiniteError
from tests import tiny
from tests.models import folders

TWO_STAGES = {
    "generator_training": "two_stage",
    "generator_steps": 5,
    "generator_hidden_size": 1.0,
    "weight_sharing": "none",
}
# A new setting belongs here once `Pretraining` does what it says.
HONOURED = {
    *("debug", "seed", "precision", "jit_compile", "embedding_lookup"),
    *("recompute", "scan_layers", "max_seq_length", "train_batch_size"),
    *("shuffle_buffer_size", "model_size", "model_hparam_overrides"),
    *("embedding_size", "vocab_size", "hidden_dropout_prob"),
    *("attention_probs_dropout_prob", "decay_after_warmup", "optimizer"),
    *("adam_bias_correction", "adam_beta_1", "adam_beta_2", "adam_epsilon"),
    *("max_skipped_updates", "learning_rate", "lr_decay_power"),
    *("weight_decay_rate", "num_warmup_steps", "num_train_steps"),
    *("objective", "gen_weight", "disc_weight", "sampling", "temperature"),
    *("disallow_correct", "mask_prob", "mask_token_share"),
    *("random_token_share", "masking", "mask_unit", "generator"),
    *("weight_sharing", "generator_training", "entropy_weight"),
    *("generator_layers", "generator_hidden_size"),
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return folders.tokenizer(tmp_path_factory.mktemp("vocab"))


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def batch() -> dict:
    made = tiny.batch(seed=3)._asdict()
    made["input_ids"] = np.minimum(made["input_ids"], len(folders.VOCAB) - 1)
    return made


def test_each_setting_is_honoured_or_refused():
    fields = {field.name for field in dataclasses.fields(PretrainingConfig)}
    assert {*pretraining_settings.INSTEAD} | HONOURED == fields
    assert not {*pretraining_settings.INSTEAD} & HONOURED


@pytest.mark.parametrize(
    "settings, message",
    [
        (TWO_STAGES, r"generator_steps 5 \(fit trains in one phase"),
        ({"accumulation_steps": 2}, "whole batches"),
        ({"init_checkpoint": "nowhere"}, "init_checkpoint 'nowhere'"),
        ({"distribution_strategy": "mirrored"}, "on one device"),
        ({"profile_steps": "3-5", "do_eval": True}, "do_eval True .fit"),
        ({"vocab_file": "v.txt"}, "the tokenizer is given"),
        ({"do_lower_case": False}, "False .it is the tokenizer's own"),
        ({"pretrain_tfrecords": "a*"}, r"pretraining\.records"),
    ],
)
def test_what_only_the_program_has_is_refused(tokenizer, settings, message):
    with pytest.raises(UserError, match=message):
        Pretraining(tokenizer, **folders.SETTINGS | settings)


def test_what_is_given_as_it_is_anyway_is_no_mistake(tokenizer):
    Pretraining(
        tokenizer,
        **folders.SETTINGS,
        do_train=True,
        do_lower_case=True,
        distribution_strategy="off",
        data_dir=".",
        debug=True,
    )


def test_of_a_programs_config_the_rest_is_told(tokenizer, capsys):
    given = {"data_dir": "d", "model_name": "m", **folders.SETTINGS}
    given["vocab_size"] = tokenizer.vocab_size
    Pretraining(tokenizer, PretrainingConfig(**given))
    assert not capsys.readouterr().err
    config = PretrainingConfig(**given, keep_checkpoint_max=2)
    assert Pretraining(tokenizer, config).config is config
    told = capsys.readouterr().err
    assert "keep_checkpoint_max 2 (callbacks of Keras do that)" in told
    config = config.replace(init_checkpoint="a", init_generator="b")
    with pytest.raises(UserError, match="init_checkpoint 'a'"):
        Pretraining(tokenizer, config)


def test_the_number_format_is_that_of_keras_policy(tokenizer, policy):
    policy("mixed_bfloat16")
    model = Pretraining(tokenizer, **folders.SETTINGS)
    assert model.config.precision == "bfloat16"
    assert model.parts[0].blocks[0].compute_dtype == "bfloat16"
    assert model.dtype_policy.name == "mixed_bfloat16"
    model = Pretraining(tokenizer, **folders.SETTINGS, precision="float32")
    assert model.dtype_policy.name == "float32"
    assert model.parts[0].blocks[0].compute_dtype == "float32"
    assert model(batch()).disc_logits.dtype == tf.float32
    policy("float64")
    with pytest.raises(UserError, match="Received: 'float64'"):
        Pretraining(tokenizer, **folders.SETTINGS)


@pytest.mark.slow
def test_float16_scales_the_loss(tokenizer):
    settings = {**folders.SETTINGS, "num_warmup_steps": 0}
    model = Pretraining(tokenizer, **settings, precision="float16")
    scale = model.optimizer.guard.loss_scale
    assert float(scale) == 2.0**15
    data = tf.data.Dataset.from_tensors(batch()).repeat(2)
    history = model.fit(data, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    scale.assign(np.inf)  # No gradient is finite; then it halves.
    before = np.array(model.trainable_weights[0])
    model.train_on_batch(batch())
    np.testing.assert_array_equal(model.trainable_weights[0], before)
    model.compile(auto_scale_loss=False)
    assert float(model.optimizer.guard.loss_scale) == 1
    model.compile("adam")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(model.fit(data, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_too_many_updates_that_are_not_finite_end_fit(
    tokenizer, steps_per_execution
):
    model = Pretraining(tokenizer, **folders.SETTINGS, max_skipped_updates=2)
    model.compile(steps_per_execution=steps_per_execution)
    data = tf.data.Dataset.from_tensors(batch())
    model.fit(data, verbose=0)
    weight = model.parts[0].embeddings.word_embeddings
    weight.assign(np.full(weight.shape, np.nan))
    with pytest.raises(NonFiniteError, match=r"in [23] updates in a row"):
        model.fit(data.repeat(9), verbose=0)
    assert int(model.updates) == 1 + max(2, steps_per_execution)


@pytest.mark.slow
def test_jit_compile_compiles(tokenizer):
    settings = {**folders.SETTINGS, "num_warmup_steps": 0}
    plain = Pretraining(tokenizer, **settings)
    compiled = Pretraining(tokenizer, **settings, jit_compile=True)
    assert compiled.jit_compile and not plain.jit_compile
    data = tf.data.Dataset.from_tensors(batch()).repeat(2)
    losses = [m.fit(data, verbose=0).history for m in (plain, compiled)]
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"], rel=1e-3)
