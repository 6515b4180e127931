"""The released code's booleans: read everywhere, kept nowhere."""

import dataclasses
import itertools

import pytest

from electra_tf.configs import PretrainingConfig, check_same, from_json, to_json
from electra_tf.configs.released import ReleasedSettings
from electra_tf.errors import UserError

REQUIRED = {"data_dir": "D", "model_name": "M"}
BOOLEANS = [field.name for field in dataclasses.fields(ReleasedSettings)]
# As the released code resolved them, beside each of our values.
SAVED = {
    "electra_objective": True,
    "electric_objective": False,
    "uniform_generator": False,
    "two_tower_generator": False,
    "untied_generator": True,
    "untied_generator_embeddings": False,
}
TWO_TOWER = {"electra_objective": False, "two_tower_generator": True}


def read(**settings) -> PretrainingConfig:
    return from_json(PretrainingConfig, {**REQUIRED, **settings})


@pytest.mark.parametrize(
    ("released", "settings"),
    [
        ({}, {}),
        ({"electra_objective": True}, {"objective": "rtd"}),
        ({"electra_objective": False}, {"objective": "mlm"}),
        ({"electric_objective": False}, {"objective": "rtd"}),
        ({"electric_objective": True}, {"objective": "electric"}),
        (
            {"electra_objective": False, "electric_objective": True},
            {"objective": "electric"},
        ),
        ({"uniform_generator": True}, {"generator": "uniform"}),
        ({"two_tower_generator": True}, {"generator": "two_towers"}),
        (
            {"objective": "electric", "uniform_generator": False},
            {"objective": "electric", "generator": "two_towers"},
        ),
        ({"untied_generator": False}, {"weight_sharing": "all"}),
        ({"untied_generator": True}, {"weight_sharing": "embeddings"}),
        ({"untied_generator_embeddings": True}, {"weight_sharing": "none"}),
        (
            {"untied_generator": False, "untied_generator_embeddings": True},
            {"weight_sharing": "all"},
        ),
        ({"untied_generator": None}, {}),
    ],
)
def test_booleans_mean_settings(released, settings):
    assert read(**released) == PretrainingConfig(**REQUIRED, **settings)


@pytest.mark.parametrize(
    ("settings", "released"),
    [
        ({}, {}),
        ({"objective": "mlm"}, {"electra_objective": False}),
        (
            {"objective": "electric"},
            {"electric_objective": True, "two_tower_generator": True},
        ),
        ({"objective": "two_tower"}, TWO_TOWER),
        ({"objective": "electra_15"}, {}),
        ({"objective": "replace_mlm"}, {}),
        ({"objective": "all_tokens_mlm"}, {}),
        ({"objective": "all_tokens_mlm_no_copy"}, {}),
        ({"generator": "unigram"}, {}),
        ({"generator": "uniform"}, {"uniform_generator": True}),
        ({"generator": "two_towers"}, {"two_tower_generator": True}),
        ({"weight_sharing": "all"}, {"untied_generator": False}),
        ({"weight_sharing": "none"}, {"untied_generator_embeddings": True}),
        ({"weight_sharing": "disentangled"}, {}),
    ],
)
def test_runs_that_saved_the_booleans_go_on(settings, released):
    config = PretrainingConfig(**REQUIRED, **settings)
    saved = {**to_json(config), **SAVED, **released}
    assert from_json(PretrainingConfig, saved) == config
    check_same(saved, config)


def test_a_saved_boolean_is_compared_by_what_it_means():
    saved = {**REQUIRED, **SAVED, "untied_generator": False}
    with pytest.raises(UserError) as error:
        check_same(saved, PretrainingConfig(**REQUIRED))
    message = str(error.value)
    assert "weight_sharing: 'all' in the saved config, 'embeddings' now" in (
        message
    )
    assert "untied_generator" not in message


def test_no_config_has_them():
    assert not set(BOOLEANS) & set(to_json(PretrainingConfig(**REQUIRED)))
    for name in BOOLEANS:
        assert not hasattr(PretrainingConfig(**REQUIRED), name)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"objective": "mlm", "electric_objective": True},
            "objective 'mlm' contradicts electra_objective False, "
            "electric_objective True, which means 'electric'. Leave one of "
            "them out.",
        ),
        (
            {"generator": "unigram", "uniform_generator": True},
            "generator 'unigram' contradicts uniform_generator True, "
            "two_tower_generator False, which means 'uniform'.",
        ),
        (
            {"weight_sharing": "disentangled", "untied_generator": False},
            "weight_sharing 'disentangled' contradicts untied_generator False, "
            "untied_generator_embeddings False, which means 'all'.",
        ),
        (
            {"electric_objective": True, "two_tower_generator": False},
            "electric_objective needs two_tower_generator. Received: False, "
            "generator 'masked_language_model'.",
        ),
        (
            {"electric_objective": True, "uniform_generator": True},
            "two_tower_generator needs its own networks. Received: "
            "uniform_generator True, untied_generator True.",
        ),
        (
            {"two_tower_generator": True, "electra_objective": False},
            "two_tower_generator needs electra_objective or "
            "electric_objective. Received: neither.",
        ),
        (
            {"untied_generator": "no"},
            "untied_generator must be true or false or null. Received: 'no'.",
        ),
        (
            {"electra_objective": True, "objective": ["rtd"]},
            "objective must be one of rtd, ",
        ),
        (
            {"electra_objective": True, "objective": "rdt"},
            "Received: 'rdt'. Did you mean 'rtd'?",
        ),
        ({"untied_genrator": True}, "Did you mean 'untied_generator'?"),
    ],
)
def test_contradictions_are_named(settings, expected):
    with pytest.raises(UserError) as error:
        read(**settings)
    assert expected in str(error.value)


def test_every_combination_is_read_or_refused_with_a_reason():
    for values in itertools.product((None, False, True), repeat=len(BOOLEANS)):
        given = dict(zip(BOOLEANS, values, strict=True))
        try:
            config = read(**given)
        except UserError as error:
            assert "two_tower_generator" in str(error), given
        else:
            again = {**to_json(config), **given}
            assert from_json(PretrainingConfig, again) == config
