"""Whether the settings of pre-training go together."""

from electra_tf.configs.generator import generator_config
from electra_tf.configs.objectives import (
    DETECTION,
    generator_of,
    objective_of,
    released,
    weight_sharing_of,
)
from electra_tf.errors import UserError


def check(config) -> None:
    """Raise a ValueError where settings contradict each other.

    Args:
        config: `PretrainingConfig`.
    """
    _check_masking(config)
    _check_towers(config)
    _check_released_settings(config)
    _check_sharing(config)
    _check_generator_training(config)
    if config.has_small_generator:
        generator_config(config)
    if config.init_generator and not config.init_checkpoint:
        raise UserError(
            "init_generator needs init_checkpoint, the discriminator's. "
            f"Received: init_generator {config.init_generator!r} alone."
        )
    if config.max_predictions_per_seq < 1:
        raise UserError(
            "mask_prob times max_seq_length leaves nothing to mask. "
            f"Received: mask_prob {config.mask_prob}, "
            f"max_seq_length {config.max_seq_length}."
        )


def _check_masking(config) -> None:
    shares = (config.mask_token_share, config.random_token_share)
    if sum(shares) > 1:
        raise UserError(
            "mask_token_share and random_token_share must add up to 1 at "
            f"most. Received: {shares[0]} and {shares[1]}."
        )
    if config.masks_words and config.masking == "rare_tokens":
        raise UserError(
            "masking 'rare_tokens' chooses tokens. Received: mask_unit 'word'."
        )


def _check_released_settings(config) -> None:
    """Check the released code's settings against those in their place."""
    meanings = {
        "objective": (
            objective_of,
            ("electra_objective", "electric_objective"),
        ),
        "generator": (
            generator_of,
            ("uniform_generator", "two_tower_generator"),
        ),
        "weight_sharing": (
            weight_sharing_of,
            ("untied_generator", "untied_generator_embeddings"),
        ),
    }
    for name, (meaning, settings) in meanings.items():
        values = [getattr(config, setting) for setting in settings]
        value, meant = getattr(config, name), meaning(*values)
        if released(value) != meant:
            raise UserError(
                f"{name} {value!r} contradicts "
                + ", ".join(map("{} {}".format, settings, values))
                + f", which means {meant!r}. Leave one of them out."
            )


def _check_towers(config) -> None:
    needs_towers = config.objective_spec.needs_towers
    if needs_towers and not config.two_tower_generator:
        setting = "electric_objective"
        if config.objective == "two_tower":
            setting = "objective 'two_tower'"
        raise UserError(
            f"{setting} needs two_tower_generator. Received: False, "
            f"generator {config.generator!r}."
        )
    if not config.two_tower_generator:
        return
    if config.uniform_generator or not config.untied_generator:
        raise UserError(
            "two_tower_generator needs its own networks. Received: "
            f"uniform_generator {config.uniform_generator}, "
            f"untied_generator {config.untied_generator}."
        )
    if config.objective_spec.generator == "main":
        raise UserError(
            "two_tower_generator needs electra_objective or "
            "electric_objective. Received: neither."
        )


def _check_sharing(config) -> None:
    if config.weight_sharing != "disentangled":
        return
    if not (config.has_small_generator and config.objective_spec.has_main):
        raise UserError(
            "weight_sharing 'disentangled' needs two networks. Received: "
            f"objective {config.objective!r}, generator {config.generator!r}."
        )


def _check_generator_training(config) -> None:
    training = config.generator_training
    if config.generator_steps is not None and training != "two_stage":
        raise UserError(
            "generator_steps needs generator_training 'two_stage'. "
            f"Received: {training!r}."
        )
    if config.entropy_weight and training != "adversarial":
        raise UserError(
            "entropy_weight needs generator_training 'adversarial'. "
            f"Received: {training!r}."
        )
    if training == "joint":
        return
    detects = config.objective_spec.head == DETECTION
    if not detects or config.generator != "masked_language_model":
        raise UserError(
            f"generator_training {training!r} needs objective 'rtd' or "
            "'electra_15' and generator 'masked_language_model'. "
            f"Received: {config.objective!r} and {config.generator!r}."
        )
    if training == "two_stage":
        _check_two_stage(config)


def _check_two_stage(config) -> None:
    if not config.generator_steps < config.num_train_steps:
        raise UserError(
            "generator_steps must be fewer than num_train_steps. "
            f"Received: {config.generator_steps} and {config.num_train_steps}."
        )
    size = (config.generator_hidden_size, config.generator_layers)
    if size != (1, 1) or config.weight_sharing != "none":
        raise UserError(
            "generator_training 'two_stage' starts the discriminator from "
            "the generator's weights, so both must have the same size and "
            "share none: generator_hidden_size 1, generator_layers 1, "
            f"weight_sharing 'none'. Received: {size[0]}, {size[1]}, "
            f"{config.weight_sharing!r}."
        )
