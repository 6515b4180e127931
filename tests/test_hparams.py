"""Declared fields: what they take, what they say, how they are saved."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping

import pytest

from electra_tf.configs import hparams
from electra_tf.configs.hparams import Config, Derived, hparam


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe(Config):
    """A config with a field of every kind."""

    name: str = hparam(help_text="what it is called")
    servings: int = hparam(4, "people it feeds", at_least=1)
    salt: float = hparam(0.5, "fraction", more_than=0, less_than=1)
    vegan: bool = hparam(False, "no animals")
    oven: str | None = hparam(None, "kind of oven", choices=("gas", "coal"))
    tags: tuple[str, ...] = hparam(("warm",), "tags", choices=("warm", "cold"))
    extra: Mapping = hparam({}, "other settings")
    plates: int = hparam(
        Derived(lambda c: 2 * c.servings, "2 * servings"),
        "plates",
        runtime=True,
    )


def test_values_are_converted_when_nothing_is_lost():
    recipe = Recipe(
        name=pathlib.Path("a/b"), servings=2.0, salt=0.25, tags=["cold"]
    )
    assert recipe.name == "a/b"
    assert type(recipe.servings) is int
    assert recipe.tags == ("cold",)
    assert type(Recipe(name="x", salt=0.5).salt) is float


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", "", "name must be a non-empty string. Received: ''."),
        ("name", 3, "name must be a non-empty string. Received: 3."),
        ("servings", 0, "servings must be an int of at least 1. Received: 0."),
        ("servings", -(10**400), "an int of at least 1. Received: -1000"),
        ("salt", 10**400, "less than 1. Received: 1000"),
        ("servings", 2.5, "an int of at least 1. Received: 2.5."),
        ("servings", True, "an int of at least 1. Received: True."),
        ("servings", "2", "an int of at least 1. Received: '2'."),
        ("salt", 1, "a float of more than 0 and less than 1. Received: 1."),
        ("salt", float("nan"), "Received: nan."),
        ("salt", None, "Received: None."),
        ("vegan", 2, "vegan must be true or false. Received: 2."),
        ("oven", "gaz", "one of gas, coal. Received: 'gaz'. Did you mean 'gas"),
        ("tags", [], "tags must be some of warm, cold. Received: []."),
        ("tags", ["warm", "col"], "Did you mean 'cold'?"),
        ("tags", "warm", "some of warm, cold. Received: 'warm'."),
        ("extra", [1], "extra must be a JSON object. Received: [1]."),
        ("plates", -0.5, "plates must be an int. Received: -0.5."),
    ],
)
def test_wrong_values_are_named(field, value, expected):
    with pytest.raises(ValueError) as error:
        Recipe(**{"name": "x", field: value})
    assert expected in str(error.value)


def test_configs_are_frozen_and_own_their_values():
    extra = {"a": {"b": 1}}
    recipe = Recipe(name="x", extra=extra)
    extra["a"]["b"] = 2
    assert recipe.extra == {"a": {"b": 1}}
    assert Recipe(name="x").extra is not Recipe(name="y").extra
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.servings = 3


def test_derived_fields_follow_their_rule_until_given():
    assert Recipe(name="x", servings=3).plates == 6
    assert Recipe(name="x", servings=3, plates=1).plates == 1


def test_replace_derives_anew():
    recipe = Recipe(name="x", servings=3)
    assert recipe.replace(servings=5).plates == 10
    assert recipe.replace(plates=1).replace(servings=5).plates == 1
    assert recipe.replace(servings=5).name == "x"
    with pytest.raises(ValueError, match="Did you mean 'servings'"):
        recipe.replace(serving=5)


def test_a_config_knows_what_was_given():
    recipe = Recipe(name="x", servings=2, plates=None)
    assert recipe.given == {"name", "servings"}
    assert Recipe(name="x").replace(vegan=True).given == {"name", "vegan"}


def test_json_round_trip():
    recipe = Recipe(name="x", tags=["cold", "warm"], extra={"a": [1, 2]})
    text = json.dumps(hparams.to_json(recipe))
    assert hparams.from_json(Recipe, json.loads(text)) == recipe


def test_from_json_names_the_nearest_field():
    with pytest.raises(ValueError) as error:
        hparams.from_json(Recipe, {"name": "x", "vegn": True})
    assert str(error.value) == "Unknown field 'vegn'. Did you mean 'vegan'?"


def test_check_same_lists_every_difference():
    saved = hparams.to_json(Recipe(name="x", salt=0.1))
    with pytest.raises(ValueError) as error:
        hparams.check_same(saved, Recipe(name="x", vegan=True))
    message = str(error.value)
    assert "salt: 0.1 in the saved config, 0.5 now" in message
    assert "vegan: False in the saved config, True now" in message
    assert "name" not in message.split("\nUse")[0]


def test_check_same_lets_runtime_fields_differ():
    saved = hparams.to_json(Recipe(name="x"))
    hparams.check_same(saved, Recipe(name="x", plates=1))
    hparams.check_same(saved, Recipe(name="y"), ignore=["name"])


def test_check_same_takes_missing_fields_as_defaults():
    saved = hparams.to_json(Recipe(name="x"))
    del saved["vegan"]
    hparams.check_same({**saved, "gone": 1}, Recipe(name="x"))
    with pytest.raises(ValueError, match="vegan: False in the saved config"):
        hparams.check_same(saved, Recipe(name="x", vegan=True))


def test_default_texts():
    texts = {
        field.name: hparams.default_text(field)
        for field in dataclasses.fields(Recipe)
    }
    assert texts == {
        "name": "required",
        "servings": "default 4",
        "salt": "default 0.5",
        "vegan": "default false",
        "oven": "default null",
        "tags": "default warm",
        "extra": "default {}",
        "plates": "default 2 * servings",
    }
