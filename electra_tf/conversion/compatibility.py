"""Compatibility of a run and the model that it starts from.

A setting that was not given is taken from the model; one that was given must
agree with it, by what it comes to. No network is built.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from electra_tf.configs import (
    EncoderConfig,
    PretrainingConfig,
    TokenizerConfig,
    encoder_config,
    generator_config,
)
from electra_tf.configs.objectives import BASELINE, GENERATORS, WITHOUT_NETWORK
from electra_tf.conversion.model import (
    GENERATOR,
    GENERATOR_HEAD,
    TOWERS,
    ModelConfig,
)
from electra_tf.errors import UserError

# Settings that tell which encoder a model has, and for which text.
ENCODER_SETTINGS = (
    "model_size",
    "model_hparam_overrides",
    "embedding_size",
    "vocab_size",
    *(field.name for field in dataclasses.fields(TokenizerConfig)),
)
# And which generator.
GENERATOR_SETTINGS = (
    "generator",
    "weight_sharing",
    "generator_hidden_size",
    "generator_layers",
)
# Settings of an encoder that weights do not depend on.
FREE = (
    "hidden_act",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "initializer_range",
)


def merged(config, settings: Mapping[str, Any]):
    """Return the config with settings in place of its defaults."""
    overrides = {
        **settings.get("model_hparam_overrides", {}),
        **config.model_hparam_overrides,
    }
    rest = {n: value for n, value in settings.items() if n not in config.given}
    return config.replace(**{**rest, "model_hparam_overrides": overrides})


def with_settings(config, settings: Mapping[str, Any], source: str):
    """Return `merged` after checking that nothing given contradicts.

    Args:
        config: of pre-training or fine-tuning.
        settings: a model's, by name.
        source: where the model is, for the message.
    """
    ours = merged(config, settings)
    expected = _told(config.replace(**settings), settings)
    received = _told(ours, settings)
    conflicts = [
        f"  {name}: {value!r} in {source}, {received.get(name)!r} given"
        for name, value in expected.items()
        if value != received.get(name)
    ]
    if conflicts:
        raise UserError(
            "The pre-trained model is not the one that was asked for:\n"
            + "\n".join(conflicts)
            + "\nLeave these settings out to take the model's (widths and "
            "layers come from model_size and model_hparam_overrides), or "
            "choose another init_checkpoint or model_name."
        )
    return ours


def _told(config, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of settings, whichever way they were given."""
    encoder = encoder_config(config)
    told = {
        field.name: getattr(encoder, field.name)
        for field in dataclasses.fields(encoder)
        if field.name not in FREE
    }
    told |= config.tokenizer_settings
    told |= {n: getattr(config, n) for n in GENERATOR_SETTINGS if n in names}
    if "generator_hidden_size" in names:
        generator = generator_config(config)
        told |= _fractions(encoder, generator)
    return told


def _fractions(encoder: EncoderConfig, generator: EncoderConfig) -> dict:
    """Return a generator's size as settings, fractions of the encoder's."""
    layers = generator.num_hidden_layers / encoder.num_hidden_layers
    return {
        "generator_hidden_size": generator.hidden_size / encoder.hidden_size,
        "generator_layers": layers,
    }


def generator_settings(
    config: PretrainingConfig, model: ModelConfig
) -> dict[str, Any]:
    """Return the settings that make a generator like a model's.

    Args:
        config: of the run; without its objective there is no generator beside
            the main encoder.
        model: what there is.
    """
    if config.objective_spec.generator == "main":
        return {}
    if config.generator in WITHOUT_NETWORK:
        return {}  # The model's has no place, as `check_trainable` says.
    settings: dict[str, Any] = {}
    if GENERATOR in model.parts:
        settings = {"generator": "masked_language_model"}
    elif TOWERS[0] in model.parts:
        settings = {"generator": "two_towers"}
    elif GENERATOR_HEAD in model.parts:
        settings = {"weight_sharing": "all"}
    if model.generator is not None:
        settings |= _fractions(model.encoder, model.generator)
        settings["weight_sharing"] = _sharing(config, model)
    return settings


def _sharing(config: PretrainingConfig, model: ModelConfig) -> str:
    """Return the weight sharing of a model with a generator of its own."""
    if model.untied_generator_embeddings:
        return "none"
    # What is read has the sums in place of the differences.
    disentangled = config.weight_sharing == "disentangled"
    return "disentangled" if disentangled else "embeddings"


def network(config: PretrainingConfig) -> ModelConfig:
    """Return the networks that a pre-training run builds.

    >>> config = PretrainingConfig(data_dir=".", model_name="m")
    >>> network(config).parts
    ('generator', 'generator_predictions', 'discriminator_predictions')
    """
    heads = config.objective_spec.head_layers
    parts = _generator_parts(config) + tuple(layer.name for layer in heads)
    own = bool({GENERATOR, *TOWERS} & set(parts))
    return ModelConfig(
        encoder_config(config),
        parts,
        generator=generator_config(config) if own else None,
        untied_generator_embeddings=own and config.weight_sharing == "none",
    )


def _generator_parts(config: PretrainingConfig) -> tuple[str, ...]:
    if config.objective_spec.generator == "main":
        return (GENERATOR_HEAD,)
    row = GENERATORS[config.generator]
    if row.head is None:
        return ()
    own = row.encoders if config.has_small_generator else ()
    adversarial = config.generator_training == "adversarial"
    baseline = (BASELINE.name,) if adversarial else ()
    return (*own, row.head.name, *baseline)


def check_trainable(
    config: PretrainingConfig, model: ModelConfig, source: str
) -> None:
    """Check that a run has a place for a model, and the model all for it."""
    run = network(config)
    unused = [part for part in model.parts if part not in run.parts]
    if unused:
        raise UserError(
            f"{source} has {', '.join(unused)}, for which this run has no "
            "place. Choose the objective and the generator that it was "
            "trained with, or make a model without them: python -m "
            f"electra_tf.conversion.convert --from {source} --to FOLDER "
            f"--leave_out {' '.join(unused)}"
        )
    missing = [part for part in run.parts if part not in model.parts]
    if missing and not config.allow_new_parts:
        raise UserError(
            f"{source} has no {', '.join(missing)}, which this run trains as "
            "well. Give their folder as init_generator if it has them, choose "
            "another objective, generator (uniform has none) or "
            "weight_sharing, or set allow_new_parts to start them from "
            "random weights."
        )
    _check_generator(run, model, source)
    have = model.shapes
    different = [
        f"  {name}: {have.get(name)} in {source}, {shape} in this run"
        for name, shape in run.shapes.items()
        if name.split("/")[0] not in missing and have.get(name) != shape
    ]
    if different:
        raise UserError(
            "These variables have other shapes:\n"
            + "\n".join(different)
            + "\nA generator's follow from generator_hidden_size, "
            "generator_layers and weight_sharing; its "
            "feed-forward width is 4 times its hidden size."
        )


def _check_generator(run: ModelConfig, model: ModelConfig, source: str):
    """Check a generator's attention heads, of which shapes tell nothing."""
    if run.generator is None or model.generator is None:
        return
    expected = run.generator.num_attention_heads
    received = model.generator.num_attention_heads
    if expected != received:
        raise UserError(
            f"The generator of {source} has num_attention_heads {received}. "
            f"One that a run trains has a head for 64 units, here {expected}."
        )
