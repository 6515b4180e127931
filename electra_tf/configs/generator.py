"""The shape of a generator that is a network of its own."""

from electra_tf.configs.encoder import EncoderConfig, widths
from electra_tf.configs.program import encoder_config
from electra_tf.errors import UserError


def generator_config(config) -> EncoderConfig:
    """Return the shape of a generator that is a network of its own.

    Sizes are rounded half to even. Overrides of heads and feed-forward width
    do not carry over from the main encoder; all others do. In two stages the
    generator is the main encoder's twin.

    Args:
        config: `PretrainingConfig`.

    Raises:
        ValueError: if the fractions give a shape that cannot be built.
    """
    encoder = encoder_config(config)
    if config.generator_training == "two_stage":
        return encoder  # The discriminator starts from its weights.
    hidden_size = round(encoder.hidden_size * config.generator_hidden_size)
    layers = round(encoder.num_hidden_layers * config.generator_layers)
    embedding_size = encoder.embedding_size
    if config.weight_sharing == "none":
        embedding_size = hidden_size
    try:
        return encoder.replace(
            num_hidden_layers=layers,
            embedding_size=embedding_size,
            **widths(hidden_size),
        )
    except ValueError as error:
        raise UserError(
            f"generator_hidden_size {config.generator_hidden_size} and "
            f"generator_layers {config.generator_layers} give no valid "
            f"generator: {error}"
        ) from error
