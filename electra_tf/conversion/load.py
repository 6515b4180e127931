"""A trained encoder from a model folder, in one call."""

from electra_tf.conversion import model_folder
from electra_tf.encoder import Encoder
from electra_tf.training import checkpoints


def load_encoder(folder: str) -> Encoder:
    """Return the main encoder of a model folder, the discriminator's body.

    Args:
        folder: str, what `python -m electra_tf.conversion.convert` wrote.

    Returns:
        `Encoder`; call it with `input_ids` and, where there is padding,
        `input_mask`.

    Raises:
        FileNotFoundError: when the folder is no model folder.
        ValueError: when its weights do not fit its config.
    """
    model = model_folder.read(folder)
    encoder = Encoder(model.config.encoder)
    encoder.build()
    variables = {variable.path: variable for variable in encoder.variables}
    checkpoints.assign(variables, model.variables)
    return encoder
