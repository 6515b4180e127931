"""The released code's names, and the settings that they mean.

They are read from flags, `--hparams` and saved configs, turn into other
settings here, its booleans into `objective`, `generator` and `weight_sharing`,
and are kept nowhere.

>>> translated({"electric_objective": True, "seed": 1})
{'seed': 1, 'objective': 'electric'}
"""

import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import Any

from electra_tf.configs.hparams import Config, Derived, hparam
from electra_tf.configs.objectives import GENERATORS, OBJECTIVES, WEIGHT_SHARING
from electra_tf.errors import UserError

GROUP = "the original's names for objective, generator and weight_sharing"
PICKLE, JSON = ".pkl", ".json"


def _boolean(help_text: str, default: str) -> Any:
    """Declare a boolean; where it is not given, the settings imply it."""
    return hparam(Derived(lambda c: None, default), help_text, group=GROUP)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReleasedPaths(Config):
    """The released code's paths of files that are no pickles here."""

    results_pkl: str | None = hparam(
        None,
        "results for programs, which are JSON here: results_json, whose name "
        "ends in .json where this ends in .pkl",
        group="files",
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReleasedSettings(Config):
    """The released code's booleans; None is what other settings imply."""

    electra_objective: bool | None = _boolean(
        "replaced token detection, objective rtd; false trains BERT's "
        "objective, mlm",
        "true; false with objective mlm or two_tower",
    )
    electric_objective: bool | None = _boolean(
        "noise-contrastive energies of the Electric paper, objective electric",
        "false; true with objective electric",
    )
    uniform_generator: bool | None = _boolean(
        "replacements drawn uniformly, without a network: generator uniform",
        "false; true with generator uniform",
    )
    two_tower_generator: bool | None = _boolean(
        "a left-to-right and a right-to-left transformer: generator two_towers",
        "false; true with generator two_towers, objective electric or "
        "two_tower",
    )
    untied_generator: bool | None = _boolean(
        "false lets generator and discriminator share all weights: "
        "weight_sharing all",
        "true; false with weight_sharing all",
    )
    untied_generator_embeddings: bool | None = _boolean(
        "whether the generator has its own embeddings: weight_sharing none",
        "false; true with weight_sharing none",
    )


class Meaning(typing.NamedTuple):
    """How two booleans name the value of one setting."""

    choices: tuple[str, ...]  # The setting's values.
    # Function of the two that returns the setting's value.
    value: Callable[[bool, bool], str]
    # Each boolean where it was not given, by name: a function of the settings
    # that were.
    implied: Mapping[str, Callable[[Mapping[str, Any]], bool]]


def _objective(electra: bool, electric: bool) -> str:
    if electric:
        return "electric"
    return "rtd" if electra else "mlm"


def _generator(uniform: bool, two_towers: bool) -> str:
    if uniform:
        return "uniform"
    return "two_towers" if two_towers else "masked_language_model"


def _weight_sharing(untied: bool, untied_embeddings: bool) -> str:
    if not untied:
        return "all"
    return "none" if untied_embeddings else "embeddings"


def _has_two_towers(settings: Mapping[str, Any]) -> bool:
    if settings.get("generator"):
        return settings["generator"] == "two_towers"
    return settings.get("objective") in ("electric", "two_tower")


MEANINGS = {
    "objective": Meaning(
        tuple(OBJECTIVES),
        _objective,
        {
            "electra_objective": lambda s: _nearest(s, "objective") != "mlm",
            "electric_objective": lambda s: s.get("objective") == "electric",
        },
    ),
    "generator": Meaning(
        tuple(GENERATORS),
        _generator,
        {
            "uniform_generator": lambda s: s.get("generator") == "uniform",
            "two_tower_generator": _has_two_towers,
        },
    ),
    "weight_sharing": Meaning(
        WEIGHT_SHARING,
        _weight_sharing,
        {
            "untied_generator": lambda s: s.get("weight_sharing") != "all",
            "untied_generator_embeddings": lambda s: (
                s.get("weight_sharing") == "none"
            ),
        },
    ),
}
# What the booleans are set to beside values that the released code lacks.
_NEAREST = {
    "electra_15": "rtd",
    "replace_mlm": "rtd",
    "all_tokens_mlm": "rtd",
    "all_tokens_mlm_no_copy": "rtd",
    "two_tower": "mlm",
    "disentangled": "embeddings",
    "unigram": "masked_language_model",
}


def _nearest(settings: Mapping[str, Any], name: str) -> str | None:
    """Return the released code's value that comes nearest to a setting's."""
    value = settings.get(name)
    return _NEAREST.get(value, value) if isinstance(value, str) else None


def with_our_paths(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with our files in place of the released code's.

    >>> with_our_paths({"results_pkl": "a/results.pkl"})
    {'results_json': 'a/results.json'}

    Raises:
      UserError: if both are given and differ.
    """
    settings = dict(values)
    pickled = settings.pop("results_pkl", None)
    if pickled is None:
        return settings
    ReleasedPaths(results_pkl=pickled)  # Checks that it is a text.
    meant = pickled
    if pickled.endswith(PICKLE):
        meant = pickled.removesuffix(PICKLE) + JSON
    if settings.setdefault("results_json", meant) != meant:
        raise UserError(
            f"results_pkl {pickled!r} contradicts results_json "
            f"{settings['results_json']!r}. Leave one of them out."
        )
    return settings


def translated(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with what the released names mean in their place.

    Args:
      values: settings of pre-training by name.

    Raises:
      UserError: if a boolean is none, or contradicts another setting.
    """
    values = with_our_paths(values)
    names = {field.name for field in dataclasses.fields(ReleasedSettings)}
    settings = {n: value for n, value in values.items() if n not in names}
    given = {n: values[n] for n in names if values.get(n) is not None}
    if not given:
        return settings
    ReleasedSettings(**given)  # Checks that each is true or false.
    booleans = {}
    for name, meaning in MEANINGS.items():
        pair = {
            boolean: given.get(boolean, implied(settings))
            for boolean, implied in meaning.implied.items()
        }
        booleans |= pair
        if given.keys() & pair:
            _agree(name, meaning, settings, pair)
    _check_towers(booleans, settings)
    return settings


def _agree(
    name: str, meaning: Meaning, settings: dict, pair: Mapping[str, bool]
):
    """Set what is meant, unless the setting was given and says the same."""
    meant = meaning.value(*pair.values())
    if settings.get(name) is None:
        settings[name] = meant
    given = settings[name]  # The config refuses it if it is no choice.
    if given in meaning.choices and _nearest(settings, name) != meant:
        raise UserError(
            f"{name} {given!r} contradicts "
            + ", ".join(map("{} {}".format, pair, pair.values()))
            + f", which means {meant!r}. Leave one of them out."
        )


def _check_towers(booleans: Mapping[str, bool], settings: Mapping[str, Any]):
    objective = settings.get("objective")
    if not booleans["two_tower_generator"]:
        if objective == "electric":
            raise UserError(
                "electric_objective needs two_tower_generator. Received: "
                f"False, generator {settings.get('generator')!r}."
            )
        return
    if booleans["uniform_generator"] or not booleans["untied_generator"]:
        raise UserError(
            "two_tower_generator needs its own networks. Received: "
            f"uniform_generator {booleans['uniform_generator']}, "
            f"untied_generator {booleans['untied_generator']}."
        )
    if objective == "mlm":
        raise UserError(
            "two_tower_generator needs electra_objective or "
            "electric_objective. Received: neither."
        )
